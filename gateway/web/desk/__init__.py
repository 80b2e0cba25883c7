"""The desk: where an administration's agents work. Every page wants a session, but to get one."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from gateway.web.desk import (
    account,
    aside,
    case,
    downloads,
    errors,
    login,
    queues,
    trail,
    users,
    writing,
)
from gateway.web.desk.current import recognise

desk = Blueprint("desk", __name__, url_prefix="/desk")
desk.before_request(recognise)
desk.register_error_handler(HTTPException, errors.explain)
# Named apart, or the citizens' handler, which is the application's, would come first.
desk.register_error_handler(CSRFError, errors.explain)
desk.register_error_handler(SQLAlchemyError, errors.away)


desk.add_url_rule("/", "home", queues.home)
desk.add_url_rule("/queues/<name>", "queue", queues.show)
desk.add_url_rule("/<path:path>", "nowhere", queues.nowhere)
desk.add_url_rule("/login", "login", login.form)
desk.add_url_rule("/login", "enter", login.enter, methods=["POST"])
desk.add_url_rule("/demo", "demo", login.demo, methods=["POST"])
desk.add_url_rule("/password/<token>", "password", login.choose)
desk.add_url_rule("/password/<token>", "chosen", login.chosen, methods=["POST"])
desk.add_url_rule("/logout", "logout", login.leave, methods=["POST"])
desk.add_url_rule("/account", "account", account.show)
desk.add_url_rule("/account", "change_account", account.change, methods=["POST"])
desk.add_url_rule("/account/password", "change_password", account.change_password, methods=["POST"])
desk.add_url_rule("/account/sessions", "end_session", account.end_session, methods=["POST"])
desk.add_url_rule("/cases/<number>", "case", case.show)
desk.add_url_rule("/cases/<number>/look", "look", case.look, methods=["POST"])
desk.add_url_rule("/cases/<number>/check", "check", case.check, methods=["POST"])
desk.add_url_rule("/cases/<number>/<name>", "act", case.act, methods=["POST"])
desk.add_url_rule("/cases/<number>/files/<int:file_id>", "attachment", downloads.attachment)
desk.add_url_rule("/cases/<number>/sent/<int:message_id>/<int:position>", "sent", downloads.sent)
desk.add_url_rule("/cases/<number>/original/<int:message_id>", "original", downloads.original)
desk.add_url_rule("/aside", "shunted", aside.show)
desk.add_url_rule("/aside", "retry", aside.retry, methods=["POST"])
desk.add_url_rule("/aside/<int:message_id>", "raw", aside.raw)
desk.add_url_rule("/audit", "audit", trail.show)
desk.add_url_rule("/audit.csv", "audit_file", trail.export)
desk.add_url_rule("/users", "users", users.show)
desk.add_url_rule("/users", "add_user", users.add, methods=["POST"])
desk.add_url_rule("/users/<int:key>", "user", users.one)
desk.add_url_rule("/users/change", "change_user", users.change, methods=["POST"])
for _one, _many, _look, _show, _keep in (
    ("template", "templates", writing.templates, writing.template, writing.keep_template),
    ("article", "articles", writing.articles, writing.article, writing.keep_article),
):
    desk.add_url_rule(f"/{_many}", _many, _look)
    for _path in (f"/{_many}/new", f"/{_many}/<int:key>"):
        desk.add_url_rule(_path, _one, _show)
        desk.add_url_rule(_path, f"keep_{_one}", _keep, methods=["POST"])


@desk.after_request
def _private(response: Response) -> Response:
    """Nothing of the desk stays in a cache, is found by a search engine or shown in a frame."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["X-Frame-Options"] = "DENY"
    return response

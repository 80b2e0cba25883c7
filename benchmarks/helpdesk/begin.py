"""Makes the queue that everything goes to, and somebody who may use the API; prints their token.

Run by django-helpdesk's own Python: ``python -m benchmarks.helpdesk.begin PORT USER PASSWORD`` of
the IMAP mailbox.
"""

import sys

import django


def main(port: str, user: str, password: str) -> None:
    django.setup()
    from django.contrib.auth import get_user_model
    from helpdesk.models import Queue
    from rest_framework.authtoken.models import Token

    Queue.objects.create(
        title="Plaintes",
        slug="plaintes",
        email_address="plaintes@commune.example",
        allow_public_submission=True,
        allow_email_submission=True,
        email_box_type="imap",
        email_box_host="127.0.0.1",
        email_box_port=int(port),
        email_box_user=user,
        email_box_pass=password,
        email_box_imap_folder="INBOX",
        email_box_interval=0,
    )
    staff = get_user_model().objects.create_superuser("api", "api@commune.example")
    print(Token.objects.create(user=staff).key)


if __name__ == "__main__":
    main(*sys.argv[1:])

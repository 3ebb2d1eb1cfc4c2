"""Build the pages at /docs/ before anybody asks for them: for images whose disk is read-only."""

from django.core.management.base import BaseCommand, CommandError

from api.site import BuildFailed, build


class Command(BaseCommand):
    """``manage.py build_docs``."""

    help = "Build the pages at /docs/ into VAR_DIR/docs, unless they are there."

    def handle(self, *args: object, **options: object) -> None:
        """Build, and say where to."""
        try:
            self.stdout.write(str(build()))
        except BuildFailed as failure:
            raise CommandError(str(failure)) from None

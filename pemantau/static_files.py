"""Static files of production: compressed, and named after their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Modules import each other by these names, too: never one of this release and one of the last."""

    support_js_module_import_aggregation = True

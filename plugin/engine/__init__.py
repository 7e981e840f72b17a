"""The engine as QGIS has it: installed, started, asked."""

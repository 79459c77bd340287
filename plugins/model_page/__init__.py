"""The model page: a web application in Airflow's API server that shows each pipeline's model.

`app.create_app` is the entry point. Only the API server imports the modules of this package; the
plugin file `model_page_plugin.py` decides that.
"""

"""The parameter server's scheduler or one of its servers, as DMLC_ROLE says.

Run as `python -m <this module>`. MXNet serves as soon as it is imported, and ends the process when
all workers are done.
"""

from include.image_classification.mxnet_import import mx

if __name__ == "__main__":
    raise SystemExit(f"MXNet {mx.__version__} served nothing: DMLC_ROLE is not set")

"""Process of MXNet's parameter server: the scheduler or a server, depending on DMLC_ROLE.

Run as `python -m <this module>`. MXNet serves on import, and ends the process when all workers have
ended.
"""

from include.image_classification.mxnet_import import mx

if __name__ == "__main__":
    raise SystemExit(f"MXNet {mx.__version__} did not serve: DMLC_ROLE is not set")

"""Checks whether a job can fine-tune as it is asked to. They need no MXNet."""

from include.image_classification import channels
from include.image_classification.container import CommandError
from include.image_classification.training.hyperparameters import Hyperparameters


def check_fine_tuning(settings: Hyperparameters, hosts: int) -> None:
    """Check the job's hosts, and its channels if some epochs train a part of the layers only.

    Args:
        settings: The hyperparameters.
        hosts: The number of hosts of the job.

    Raises:
        CommandError: There are several hosts, no initial weights, or a channel in Pipe mode.
    """
    if settings.single_host and hosts > 1:
        raise CommandError(
            f"hyperparameter {settings.single_host} trains on one host, not on {hosts}: set "
            "InstanceCount to 1, or leave it out"
        )
    if not settings.freezes_layers:
        return
    setting = f"hyperparameter {settings.freezing}"
    if not settings.use_pretrained_model and channels.channel_folder("model") is None:
        raise CommandError(
            f"{setting} needs use_pretrained_model 1 or a channel model, because layers that are "
            "not trained need initial weights"
        )
    for channel in ("train", "validation"):
        if channels.input_mode(channel) == channels.PIPE:
            raise CommandError(
                f"{setting} needs channel {channel} in File or FastFile mode, not in Pipe mode: a "
                "pipe can be read once per epoch only"
            )

"""Errors of the libraries below, as errors of this project that say what to do."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError, EngineError, PlauditError

__all__ = ["check_device", "load_failure", "only_memory"]

_PACKAGES = {  # by config.json's quantization_config.quant_method: transformers' quantizers
    "awq": "gptqmodel",
    "bitsandbytes": "bitsandbytes",
    "bitsandbytes_4bit": "bitsandbytes",
    "bitsandbytes_8bit": "bitsandbytes",
    "compressed-tensors": "compressed-tensors",
    "fbgemm_fp8": "fbgemm-gpu",
    "gptq": "gptqmodel",
    "hqq": "hqq",
    "mxfp4": "kernels",
    "quanto": "optimum-quanto",
    "torchao": "torchao",
}
_MORE_MEMORY = (
    "dtype='bfloat16' halves it, device_map='auto' spreads the model over several devices,"
    " device='cpu' takes the processor's memory"
)


def check_device(device: str) -> None:
    """Raises ConfigError for a CUDA device that torch does not see.

    >>> check_device("cpu")
    """
    import torch

    kind = torch.device(device)
    if kind.type != "cuda":
        return
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (kind.index or 0) < count:
        return
    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    has = f"it sees {count} of them" if count else "it sees none"
    raise ConfigError(
        f"device={device!r}: no such CUDA device: torch {torch.__version__} is {built} and {has};"
        " check nvidia-smi and CUDA_VISIBLE_DEVICES, install a torch with CUDA, or take"
        " device='cpu'"
    )


def load_failure(checkpoint: Checkpoint, auto: str, error: Exception, device: str) -> PlauditError:
    """Why a model was not loaded: no memory, a quantised checkpoint, or a config not known."""
    first = first_line(error)
    if is_out_of_memory(error):
        return EngineError(
            f"{checkpoint.name}: it does not fit into the memory of {device} ({first});"
            f" {_MORE_MEMORY}"
        )
    if is_of_device(error):
        return device_failure(error)
    method = quantised_by(checkpoint)
    if method is not None:
        package = _PACKAGES.get(method)
        install = f"pip install {package}, and most kinds a CUDA device" if package else "a package"
        return ConfigError(
            f"{checkpoint.name}: quantised (quant_method={method!r}), and transformers cannot"
            " load it"
            f" here ({type(error).__name__}: {first}); it needs {install}. Or take the"
            " model's unquantised weights, or a server that runs it (models.remote.remote)"
        )
    return ConfigError(
        f"{checkpoint.name}: transformers cannot load it as {auto} ({type(error).__name__}:"
        f" {first});"
        f" config.json says model_type={checkpoint.model_type!r},"
        f" architectures={checkpoint.config.get('architectures')}"
    )


def quantised_by(checkpoint: Checkpoint) -> str | None:
    """The method by which a checkpoint is quantised; None where it is not."""
    quantisation = checkpoint.config.get("quantization_config")
    if not isinstance(quantisation, dict):
        return None
    return str(quantisation.get("quant_method") or "unknown")


def device_failure(error: Exception) -> PlauditError:
    """The error for a failed device, which ends the usefulness of the process."""
    if isinstance(error, PlauditError):
        return error
    return EngineError(
        f"the device failed: {first_line(error)}; after that every call in this process fails, so"
        " restart it. CUDA_LAUNCH_BLOCKING=1 shows where it happens, device='cpu' whether the"
        " model or the device is to blame"
    )


def only_memory(error: Exception) -> None:
    """Returns where memory was short. Raises EngineError for a failed device, else the error."""
    if not is_out_of_memory(error):
        raise (device_failure(error) if is_of_device(error) else error) from error


def is_of_device(error: Exception) -> bool:
    """Whether an error is the device's: CUDA, cuBLAS or cuDNN say so in their messages."""
    names = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "cuDNN error", "device-side assert")
    return any(name in str(error) for name in names)


def is_out_of_memory(error: Exception) -> bool:
    """Whether the error says that memory was not enough."""
    import torch

    kinds = (getattr(torch, "OutOfMemoryError", ()), torch.cuda.OutOfMemoryError)
    kinds = tuple(kind for kind in kinds if kind)
    return isinstance(error, (*kinds, MemoryError)) or "can't allocate memory" in str(error)


def first_line(error: Exception) -> str:
    """The first line of an error's message, at most 300 characters of it."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else "no message"

"""Nodes that tests build workflows from: each does one thing whose cost or behaviour is known beforehand.

Classic (V1) nodes, so that they load in every supported ComfyUI. ``value`` is passed through as text.
"""

from .flow import FLOW_NODES
from .tensors import TENSOR_NODES
from .work import WORK_NODES

NODE_CLASS_MAPPINGS = {**FLOW_NODES, **TENSOR_NODES, **WORK_NODES}

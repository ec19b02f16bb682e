"""The events that a trace is read to, in one place to import from."""

from __future__ import annotations

from traces.messages import (
    FLAG_A,
    FLAG_H,
    FLAG_K,
    FLAG_L,
    FLAG_O,
    FLAG_R,
    UNSPECIFIED,
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
    CareofTest,
    CareofTestInit,
    HomeTest,
    HomeTestInit,
    ListenerReport,
    MobilityMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    OtherMobility,
    Tunnelled,
    solicited_node,
)
from traces.observations import (
    CacheDump,
    CacheEntry,
    DadRefused,
    DadResult,
    DadStart,
    KernelDrop,
    Meta,
    NodeStopped,
    ProxyAdvertisement,
    ProxyNd,
    UpdateListDump,
    UpdateListEntry,
)
from traces.options import (
    AlternateCareOf,
    BidOption,
    BindingAuthorization,
    Ipv4CareOf,
    Ipv4HomeAddress,
    LinkLayerAddress,
    MobileNetworkPrefix,
    NonceIndices,
    Option,
    Padding,
    RefreshAdvice,
    UnknownOption,
)
from traces.place import Direction, Place, ReadError

__all__ = [
    "FLAG_A",
    "FLAG_H",
    "FLAG_K",
    "FLAG_L",
    "FLAG_O",
    "FLAG_R",
    "UNSPECIFIED",
    "AlternateCareOf",
    "BidOption",
    "BindingAcknowledgement",
    "BindingAuthorization",
    "BindingError",
    "BindingRefreshRequest",
    "BindingUpdate",
    "CacheDump",
    "CacheEntry",
    "CareofTest",
    "CareofTestInit",
    "DadRefused",
    "DadResult",
    "DadStart",
    "Direction",
    "Event",
    "HomeTest",
    "HomeTestInit",
    "Ipv4CareOf",
    "Ipv4HomeAddress",
    "KernelDrop",
    "LinkLayerAddress",
    "ListenerReport",
    "Meta",
    "MobileNetworkPrefix",
    "MobilityMessage",
    "NeighborAdvertisement",
    "NeighborSolicitation",
    "NodeStopped",
    "NonceIndices",
    "Observation",
    "Option",
    "OtherMobility",
    "Padding",
    "Place",
    "ProxyAdvertisement",
    "ProxyNd",
    "ReadError",
    "RefreshAdvice",
    "Tunnelled",
    "UnknownOption",
    "UpdateListDump",
    "UpdateListEntry",
    "solicited_node",
]

Observation = (
    CacheDump
    | UpdateListDump
    | ProxyNd
    | ProxyAdvertisement
    | DadStart
    | DadResult
    | DadRefused
    | NodeStopped
    | KernelDrop
    | Meta
)
Event = (
    MobilityMessage
    | NeighborSolicitation
    | NeighborAdvertisement
    | ListenerReport
    | Tunnelled
    | Observation
    | ReadError
)

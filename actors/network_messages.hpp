#pragma once
// Internal to actors/: messages about connections to other processes. Includes CAF.

#include <caf/all.hpp>
#include <cstdint>
#include <string>

#include "actors/messages.hpp"
#include "actors/net/endpoint.hpp"
#include "actors/net/frames.hpp"
#include "actors/net/parcels.hpp"

namespace lorafleet::actors {

/// Names a connection within one process; never used twice. 0: none.
using LinkId = std::uint64_t;

/// Link to owner: bytes may flow; with TLS both sides know each other.
struct LinkUp {
  LinkId link = 0;
  std::string address;  ///< "10.0.0.7:40222"
  std::string peer;     ///< subject of the peer's certificate; empty without TLS
};
struct LinkFrame {
  LinkId link = 0;
  net::Frame frame;
};
struct LinkParcel {
  LinkId link = 0;
  net::Parcel parcel;
};
/// Link to owner: the connection is gone, or (link 0) could not be made.
struct LinkDown {
  LinkId link = 0;
  std::string address;
  std::string peer;
  std::string reason;
  bool was_admitted = false;
};

/// Owner to link. Orders for connections that are gone are ignored.
struct SendFrame {
  LinkId link = 0;
  net::FrameType type{};
  net::Bytes payload;
};
struct SendParcel {
  LinkId link = 0;
  net::Parcel parcel;
};
/// From now on the peer may send long frames and parcels.
struct AdmitPeer {
  LinkId link = 0;
};
/// Sends a last frame and cuts the connection.
struct DropPeer {
  LinkId link = 0;
  net::FrameType type{};
  net::Bytes payload;
  std::string reason;  ///< comes back in LinkDown
};
/// Connect; answered by LinkUp, or LinkDown with link 0.
struct Dial {
  net::Endpoint endpoint;
};
struct LinkTick {};
/// Its last words had time to leave.
struct CutLink {
  LinkId link = 0;
};

/// To the head: say farewell to the hosts; answered when they are gone.
struct EndHosts {};
struct HostsEnded {};
struct HeadTick {};

/// To the host: begin; answered when it has nothing more to do.
struct ServeHead {};
struct HeadServed {
  std::string refused;  ///< why this host cannot take part: bad input
  std::string failed;   ///< what went wrong otherwise
  bool stopped = false;
};
struct DialAgain {};

}  // namespace lorafleet::actors

CAF_BEGIN_TYPE_ID_BLOCK(lorafleet_network, caf::id_block::lorafleet::end)
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::LinkUp))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::LinkFrame))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::LinkParcel))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::LinkDown))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::SendFrame))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::SendParcel))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::AdmitPeer))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::DropPeer))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::Dial))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::LinkTick))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::CutLink))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::EndHosts))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::HostsEnded))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::HeadTick))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::ServeHead))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::HeadServed))
CAF_ADD_TYPE_ID(lorafleet_network, (lorafleet::actors::DialAgain))
CAF_END_TYPE_ID_BLOCK(lorafleet_network)

// They pass between actors of one process; what goes over the wire are the bytes of actors/net/.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::LinkUp)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::LinkFrame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::LinkParcel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::LinkDown)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::SendFrame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::SendParcel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::AdmitPeer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::DropPeer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::Dial)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::LinkTick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::CutLink)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::EndHosts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::HostsEnded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::HeadTick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::ServeHead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::HeadServed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::DialAgain)

#pragma once

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/net/connection.hpp"
#include "actors/network_messages.hpp"

namespace lorafleet::actors {

using LinkHandle =
    caf::typed_actor<caf::reacts_to<Dial>, caf::reacts_to<SendFrame>, caf::reacts_to<SendParcel>,
                     caf::reacts_to<AdmitPeer>, caf::reacts_to<DropPeer>>;

struct LinkConfig {
  caf::strong_actor_ptr owner;
  std::shared_ptr<const net::TlsContext> tls;     ///< null: plain, and then on loopback only
  std::vector<int> listening_fds = {};            ///< from net::listen_on; none: connects only
  std::uint64_t largest_parcel = 0;               ///< bytes, that a peer may send
  std::chrono::milliseconds beat{1000};           ///< between signs of life
  std::chrono::milliseconds silence{15000};       ///< after which a peer counts as lost
  std::chrono::milliseconds introduction{10000};  ///< a stranger has this long to be admitted
};

/// Spawns the broker that moves bytes between sockets and `owner`: CAF's middleman below, frames
/// and parcels above. It never lets a peer's bytes end the process: whoever breaks the protocol, is
/// silent or stays a stranger loses the connection, and the owner hears why.
LinkHandle spawn_links(caf::actor_system& system, LinkConfig config);

}  // namespace lorafleet::actors

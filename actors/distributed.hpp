#pragma once

#include <string>

#include "actors/net/host_options.hpp"

namespace lorafleet::actors {

/// Lends this process's slots to a head until the run is over. Throws InputError where the head
/// refuses this host, or this host lacks what the run needs; RuntimeFailure where the head is gone
/// for too long. Returns false where `stop` ended it.
bool run_host(const net::HostOptions& options);

struct StatusOptions {
  net::Endpoint head;
  net::TlsFiles tls;
  double patience_seconds = 10.0;
};

/// What a head tells about its run, as JSON (docs/distributed.md). Throws RuntimeFailure where it
/// does not answer.
std::string head_status(const StatusOptions& options);

}  // namespace lorafleet::actors

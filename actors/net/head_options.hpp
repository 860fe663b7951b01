#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/config/tls_files.hpp"
#include "actors/net/endpoint.hpp"
#include "actors/net/greetings.hpp"

namespace lorafleet::actors::net {

/// What makes a run the head of several hosts.
struct HeadOptions {
  Endpoint listen;
  TlsFiles tls;
  std::int64_t hosts = 1;          ///< that must be there before the first job is given out
  std::int64_t own_slots = 0;      ///< of the head itself
  double silence_seconds = 15.0;   ///< after which a host counts as lost
  double patience_seconds = 3600;  ///< with jobs waiting and no host; then the run fails
  bool mixed = false;              ///< hosts may differ in LibTorch, BLAS and instruction set
  std::string version;             ///< of LoRAFleet
  std::string scenario;            ///< TOML, as hosts get it
  std::vector<Asset> assets;       ///< what the scenario reads; hashes are filled in by the run
};

}  // namespace lorafleet::actors::net

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/federation_config.hpp"
#include "actors/net/endpoint.hpp"
#include "actors/net/greetings.hpp"
#include "actors/net/tls.hpp"

namespace lorafleet::actors {

/// What makes a run the head of several hosts.
struct HeadOptions {
  net::Endpoint listen;
  net::TlsFiles tls;
  std::int64_t hosts = 1;          ///< that must be there before the first job is given out
  std::int64_t own_slots = 0;      ///< of the head itself
  double silence_seconds = 15.0;   ///< after which a host counts as lost
  double patience_seconds = 3600;  ///< with jobs waiting and no host; then the run fails
  bool mixed = false;              ///< hosts may differ in LibTorch, BLAS and instruction set
  std::string version;             ///< of LoRAFleet
  std::string scenario;            ///< TOML, as hosts get it
  std::vector<net::Asset> assets;  ///< what the scenario reads; hashes are filled in by the run
};

/// A scenario as a host read it.
using ReadScenario =
    std::function<FederationConfig(const std::string& toml, const std::vector<std::string>& sets)>;

struct HostOptions {
  net::Endpoint connect;
  net::TlsFiles tls;
  std::string name;
  std::int64_t slots = 1;
  std::vector<std::filesystem::path> assets;
  double silence_seconds = 15.0;  ///< after which the head counts as lost
  double patience_seconds = 600;  ///< without the head; then the host ends
  bool stay = false;              ///< after a run: wait for the next one
  std::string version;
  ReadScenario read_scenario;
  std::stop_token stop;
  std::function<void(const std::string&)> log;
  std::function<void(const std::string&)> warning;
};

/// Lends this process's slots to a head until the run is over. Throws InputError where the head
/// refuses this host, or this host lacks what the run needs; RuntimeFailure where the head is gone
/// for too long. Returns false where `stop` ended it.
bool run_host(const HostOptions& options);

struct StatusOptions {
  net::Endpoint head;
  net::TlsFiles tls;
  double patience_seconds = 10.0;
};

/// What a head tells about its run, as JSON (docs/distributed.md). Throws RuntimeFailure where it
/// does not answer.
std::string head_status(const StatusOptions& options);

}  // namespace lorafleet::actors

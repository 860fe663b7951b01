#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/config/tls_files.hpp"
#include "actors/net/endpoint.hpp"

namespace lorafleet::actors::net {

/// A scenario as a host read it.
using ReadScenario =
    std::function<FederationConfig(const std::string& toml, const std::vector<std::string>& sets)>;

struct HostOptions {
  Endpoint connect;
  TlsFiles tls;
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

}  // namespace lorafleet::actors::net

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "actors/config/federation_config.hpp"
#include "actors/net/head_options.hpp"
#include "actors/net/tls.hpp"
#include "actors/status_board.hpp"

namespace lorafleet::actors {

/// What a run brings along to be the head of hosts. Nothing in it knows CAF.
struct HeadSetup {
  net::HeadOptions options;
  std::string run;  ///< its name, for people
  net::Listening listening;
  std::shared_ptr<const net::TlsContext> tls;
  net::Environment environment;      ///< of this process
  std::string fingerprint;           ///< of what the clients learn: see learning.hpp
  std::uint64_t largest_update = 0;  ///< bytes of a parcel that a host may send
  std::shared_ptr<const StatusBoard> board;
  std::function<void(const std::string&)> log;
  std::function<void(const std::string&)> warning;
};

/// What this process computes with.
net::Environment environment_here(const std::string& version);

/// Opens the port and checks all files before anything is loaded. Throws InputError: TLS is missing
/// where others than this machine can connect.
HeadSetup open_head(const net::HeadOptions& options);

struct Learning;
class RunLog;

/// Adds what a head knows only once everything is loaded, and says that it is listening. `log` must
/// outlive the setup.
void complete(HeadSetup& head, const FederationConfig& config, const Learning& learning,
              std::shared_ptr<const StatusBoard> board, RunLog& log);

}  // namespace lorafleet::actors

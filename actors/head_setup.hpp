#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "actors/distributed.hpp"
#include "actors/status_board.hpp"

namespace lorafleet::actors {

/// What a run brings along to be the head of hosts. Nothing in it knows CAF.
struct HeadSetup {
  HeadOptions options;
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
HeadSetup open_head(const HeadOptions& options);

}  // namespace lorafleet::actors

#pragma once

#include "actors/distributed.hpp"
#include "scenarios/scenario.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

/// Adds --cert, --key, --ca and --allow. `peers`: whom they are about ("the head", "hosts").
void add_tls(CommandLine& line, const std::string& peers);
/// What was given; empty paths where nothing was.
actors::net::TlsFiles tls_of(const CommandLine& line);

/// Adds what makes a run the head of hosts.
void add_head(CommandLine& line);
/// Nothing without --listen. Throws InputError for options that need it.
std::optional<actors::HeadOptions> head_of(const CommandLine& line,
                                           const scenarios::Scenario& scenario);

/// A number of seconds above 0. Throws InputError.
double seconds_of(const CommandLine& line, const std::string& option);

}  // namespace lorafleet::tools

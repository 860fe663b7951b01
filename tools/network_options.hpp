#pragma once

#include "actors/distributed.hpp"
#include "actors/net/head_options.hpp"
#include "scenarios/schema/scenario.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

/// Adds --cert, --key, --ca and --allow. `peers`: whom they are about ("the head", "hosts").
void add_tls(CommandLine& line, const std::string& peers);
/// `otherwise`, with what was given in its place, one by one. Throws InputError.
actors::net::TlsFiles tls_of(const CommandLine& line, actors::net::TlsFiles otherwise = {});

/// Adds what makes a run the head of hosts.
void add_head(CommandLine& line);
/// Nothing without --listen. Throws InputError for options that need it.
std::optional<actors::net::HeadOptions> head_of(const CommandLine& line,
                                                const scenarios::Scenario& scenario);

/// A number of seconds. Throws InputError.
double seconds_of(const CommandLine& line, const std::string& option, double least = 0.1);

}  // namespace lorafleet::tools

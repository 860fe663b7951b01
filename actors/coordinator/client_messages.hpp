#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "actors/sim/config.hpp"
#include "actors/sim/ids.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/messages/compression.hpp"
#include "model/adapter/adapter.hpp"

namespace lorafleet::actors {

/// What travels between the server and each client: adapters of the client's own rank, compressed
/// as [network] says, and what they weigh.
class ClientMessages {
 public:
  /// `layouts` of each client; empty: all have the server's. `message_bytes`, where above 0, is
  /// what an adapter of the server's layout counts as (others in proportion).
  ClientMessages(const strategy::LoraRule& rule, const sim::NetworkConfig& network,
                 model::LayoutPtr server, std::vector<model::LayoutPtr> layouts,
                 std::int64_t message_bytes);

  [[nodiscard]] const model::LayoutPtr& layout(sim::ClientId client) const {
    return layouts_.empty() ? server_ : layouts_[client.value];
  }
  /// From now on this client trains adapters of another layout.
  void change_layout(sim::ClientId client, const model::LayoutPtr& layout, std::size_t clients);
  /// The clients whose layouts were changed.
  [[nodiscard]] const std::map<std::uint32_t, model::LayoutPtr>& changed_layouts() const {
    return changed_;
  }

  /// What the server holds for clients of `layout`. Views of the latest `global` are kept.
  model::AdapterPtr view(const model::AdapterPtr& global, const model::LayoutPtr& layout);
  /// What the client gets of it: the view as it comes out of the message.
  model::AdapterPtr received(const model::AdapterPtr& global, sim::Version version,
                             sim::ClientId client);
  [[nodiscard]] std::int64_t bytes_down(sim::Version version, sim::ClientId client) const;
  [[nodiscard]] std::int64_t bytes_up(sim::Version trained_from, sim::ClientId client) const;

 private:
  struct Views {
    model::LayoutPtr layout;
    model::AdapterPtr view;
    model::AdapterPtr received;
  };
  Views& views(const model::AdapterPtr& global, const model::LayoutPtr& layout);
  [[nodiscard]] std::int64_t priced(const model::LayoutPtr& layout, model::Factors factors,
                                    const strategy::CodecPtr& codec) const;

  const strategy::LoraRule& rule_;
  strategy::CodecPtr down_;
  strategy::CodecPtr up_;
  model::LayoutPtr server_;
  std::vector<model::LayoutPtr> layouts_;
  std::int64_t message_bytes_;
  std::map<std::uint32_t, model::LayoutPtr> changed_;
  model::AdapterPtr global_;  // of which views_ are
  std::vector<Views> views_;
};

}  // namespace lorafleet::actors

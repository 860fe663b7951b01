#include "actors/coordinator/client_messages.hpp"

#include <algorithm>
#include <cmath>

namespace lorafleet::actors {

ClientMessages::ClientMessages(const strategy::LoraRule& rule, const sim::NetworkConfig& network,
                               model::LayoutPtr server, std::vector<model::LayoutPtr> layouts,
                               std::int64_t message_bytes)
    : rule_(rule),
      down_(strategy::downlink_codec(network)),
      up_(strategy::uplink_codec(network)),
      server_(std::move(server)),
      layouts_(std::move(layouts)),
      message_bytes_(message_bytes) {
  const bool all_equal = std::all_of(layouts_.begin(), layouts_.end(),
                                     [&](const auto& layout) { return *layout == *server_; });
  if (all_equal) layouts_.clear();
}

void ClientMessages::change_layout(sim::ClientId client, const model::LayoutPtr& layout,
                                   std::size_t clients) {
  if (layouts_.empty()) layouts_.assign(clients, server_);
  layouts_[client.value] = layout;
  changed_[client.value] = layout;
}

ClientMessages::Views& ClientMessages::views(const model::AdapterPtr& global,
                                             const model::LayoutPtr& layout) {
  if (global_ != global) {
    global_ = global;
    views_.clear();
  }
  const auto found = std::find_if(views_.begin(), views_.end(), [&](const Views& known) {
    return known.layout == layout || *known.layout == *layout;
  });
  if (found != views_.end()) return *found;
  views_.push_back({layout, rule_.view(global, layout), nullptr});
  return views_.back();
}

model::AdapterPtr ClientMessages::view(const model::AdapterPtr& global,
                                       const model::LayoutPtr& layout) {
  if (layout == global->layout) return global;
  return views(global, layout).view;
}

model::AdapterPtr ClientMessages::received(const model::AdapterPtr& global, sim::Version version,
                                           sim::ClientId client) {
  if (layouts_.empty() && !down_) return global;
  Views& known = views(global, layout(client));
  if (!known.received) {
    known.received = strategy::received(known.view, rule_.receives(version), down_);
  }
  return known.received;
}

std::int64_t ClientMessages::priced(const model::LayoutPtr& layout, model::Factors factors,
                                    const strategy::CodecPtr& codec) const {
  const std::int64_t real = strategy::message_bytes(*layout, factors, codec);
  if (message_bytes_ == 0) return real;
  const double scale =
      static_cast<double>(message_bytes_) / static_cast<double>(server_->message_bytes());
  return static_cast<std::int64_t>(std::llround(static_cast<double>(real) * scale));
}

std::int64_t ClientMessages::bytes_down(sim::Version version, sim::ClientId client) const {
  return priced(layout(client), rule_.receives(version), down_);
}

std::int64_t ClientMessages::bytes_up(sim::Version trained_from, sim::ClientId client) const {
  return priced(layout(client), rule_.carries(trained_from), up_);
}

}  // namespace lorafleet::actors

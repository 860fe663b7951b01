#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "actors/coordinator/client_update.hpp"
#include "actors/coordinator/train_request.hpp"
#include "actors/net/wire.hpp"
#include "model/adapter/adapter.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors::net {

// The parcels' contents. Floats travel as they are, so that a job trained elsewhere starts from the
// same bits. Every decoder throws ProtocolError for what does not fit.

Bytes encode(const model::BaseChange& change);
model::BaseChangePtr decode_base_change(BytesView bytes);

/// An adapter under the number that orders refer to.
struct NumberedAdapter {
  std::uint64_t number = 0;
  model::AdapterPtr adapter;
};
Bytes encode(const NumberedAdapter& adapter);
/// `change` finds a base change by its id, or gives null.
NumberedAdapter decode_adapter(BytesView bytes,
                               const std::function<model::BaseChangePtr(std::uint64_t)>& change);

/// A TrainRequest that names its adapter by number.
struct TrainOrder {
  TrainRequest request;  ///< without its adapter
  std::uint64_t adapter = 0;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.request.id);
    visit("version", self.request.version);
    visit("arrival", self.request.arrival);
    visit("adapter", self.adapter);
    visit("trains", self.request.trains);
    visit("state", self.request.state);
  }
};
Bytes encode(const TrainOrder& order);
TrainOrder decode_order(BytesView bytes);

/// A ClientUpdate without the adapter's layout, which the head knows from the order.
struct TrainedUpdate {
  sim::JobId id;
  model::TrainStats stats;
  model::PrivateStatePtr state;
  std::vector<float> values;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    before_values(self, visit);
    visit("values", self.values);
  }
  /// A ClientUpdate has these too.
  template <typename Self, typename Visitor>
  static void before_values(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("stats", self.stats);
    visit("state", self.state);
  }
};
Bytes encode(const ClientUpdate& update);
TrainedUpdate decode_update(BytesView bytes);

Bytes encode(const JobFailed& failed);
JobFailed decode_failed(BytesView bytes);

/// An abandon parcel.
Bytes encode(sim::JobId job);
sim::JobId decode_job(BytesView bytes);

/// A forget parcel: adapters by number.
Bytes encode_numbers(const std::vector<std::uint64_t>& numbers);
std::vector<std::uint64_t> decode_numbers(BytesView bytes);

}  // namespace lorafleet::actors::net

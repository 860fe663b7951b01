#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/client_actor.hpp"
#include "actors/link_actor.hpp"
#include "actors/net/greetings.hpp"
#include "actors/net/host_options.hpp"
#include "actors/net/payloads.hpp"
#include "actors/run/learning.hpp"

namespace lorafleet::actors {

using RemoteHostHandle =
    caf::typed_actor<caf::replies_to<ServeHead>::with<HeadServed>, caf::reacts_to<InterruptRun>,
                     caf::reacts_to<ClientUpdate>, caf::reacts_to<JobFailed>,
                     caf::reacts_to<LinkUp>, caf::reacts_to<LinkFrame>, caf::reacts_to<LinkParcel>,
                     caf::reacts_to<LinkDown>, caf::reacts_to<DialAgain>>;

struct RemoteHostParts {
  net::HostOptions options;
  std::shared_ptr<const net::TlsContext> tls;
  net::Hello hello;
  std::function<void(int threads)> set_threads;  ///< called before the first slot is made
};

/// A host's side of the link to the head: finds what the run needs, keeps the adapters that orders
/// refer to, and spawns each client here when its first order comes.
///
///   dialling --LinkUp--> introduced --offer, fingerprint fits--> working --farewell--> done
///       ^------------------ the link is lost: jobs are given up -----'
///
/// Runs on a thread of its own: it loads the base model while the link goes on breathing.
class RemoteHostActor final : public RemoteHostHandle::base {
 public:
  RemoteHostActor(caf::actor_config& config, RemoteHostParts parts);
  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "remote_host"; }

 private:
  using Clock = std::chrono::steady_clock;

  /// What was made of an offer; kept over reconnections.
  struct Work {
    std::string identity;
    std::string fingerprint;
    Learning learning;
    std::vector<SlotHandle> slots;
    HostHandle host;
    std::shared_ptr<const ClientContext> context;
    std::map<std::uint32_t, ClientHandle> clients;
  };

  void meet(const LinkFrame& message);
  void take(const net::Parcel& parcel);
  void prepare(const net::RunOffer& offer);
  void stop_work();
  void order(const net::TrainOrder& order);
  ClientHandle& client(sim::ClientId id);
  void forget(const std::vector<std::uint64_t>& numbers);
  void lost(const LinkDown& message);
  void give_up_jobs();
  void dial_later();
  void finish(HeadServed how);
  template <typename Step>
  void guarded(const Step& step);

  RemoteHostParts parts_;
  LinkHandle links_;
  caf::typed_response_promise<HeadServed> answer_;
  std::optional<LinkId> link_;
  std::unique_ptr<Work> work_;
  std::map<std::uint64_t, model::AdapterPtr> adapters_;
  std::map<std::uint64_t, model::BaseChangePtr> changes_;
  std::set<sim::JobId> running_;
  bool admitted_ = false;      // on this link
  bool was_admitted_ = false;  // ever
  bool over_ = false;          // the head said farewell
  bool stopping_ = false;
  bool answered_ = false;
  std::chrono::milliseconds pause_{};
  Clock::time_point gone_since_ = Clock::now();
};

}  // namespace lorafleet::actors

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actors/head_setup.hpp"
#include "actors/head_status.hpp"
#include "actors/link_actor.hpp"
#include "actors/net/host_pool.hpp"
#include "actors/net/payloads.hpp"

namespace lorafleet::actors {

/// Takes orders as a client does, for all clients.
using HeadHandle =
    caf::typed_actor<caf::reacts_to<TrainRequest>, caf::reacts_to<AbandonJob>,
                     caf::reacts_to<ClientUpdate>, caf::reacts_to<JobFailed>,
                     caf::reacts_to<LinkUp>, caf::reacts_to<LinkFrame>, caf::reacts_to<LinkParcel>,
                     caf::reacts_to<LinkDown>, caf::reacts_to<HeadTick>,
                     caf::replies_to<EndHosts>::with<HostsEnded>>;

struct HeadParts {
  HeadSetup setup;
  std::vector<ClientHandle> own_clients;  ///< by ClientId; empty without slots of its own
};

/// The server's side of the hosts: admits them, gives out the jobs of all clients over the slots of
/// all hosts, and takes their updates in. To the aggregator it looks like every one of its clients.
///
/// A host is a stranger until its hello fits, prepares until its fingerprint equals the head's, and
/// works until its connection ends; then its jobs go back into the queue. An update counts only
/// where it comes from the host that has the job.
class HeadActor final : public HeadHandle::base {
 public:
  HeadActor(caf::actor_config& config, HeadParts parts);
  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "head"; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Host {
    std::string label;  // "gpu-7 (10.0.0.7:40222, CN=gpu-7)"
    std::string name;
    std::string address;
    std::uint64_t instance = 0;
    std::uint32_t slots = 0;
    bool works = false;
    std::set<std::uint64_t> adapters;              // that it has, by number
    std::map<std::uint64_t, std::size_t> changes;  // base changes, and how many of those use them
    std::uint64_t updates = 0;
    std::int64_t tokens = 0;  // of these
  };
  struct Numbered {
    std::uint64_t number = 0;
    std::uint64_t change = 0;  // id; 0: none
    std::weak_ptr<const model::Adapter> adapter;
    std::weak_ptr<const net::Bytes> bytes;
  };

  void meet(const LinkFrame& message);
  void admit(LinkId link, const net::Hello& hello);
  void welcome(LinkId link, Host& host, const std::string& fingerprint);
  void refuse(LinkId link, const std::string& reason);
  void take(LinkId link, const net::Parcel& parcel);
  void take_update(LinkId link, net::TrainedUpdate update);
  void take_failure(LinkId link, const JobFailed& failed);
  void lose(LinkId link, const std::string& why);
  void down(const LinkDown& message);

  void pump();
  void dispatch(LinkId host, const TrainRequest& request);
  std::shared_ptr<const net::Bytes> encoded(Numbered& numbered, const model::AdapterPtr& adapter);
  Numbered& number(const model::AdapterPtr& adapter);
  void forget_old();
  void abandon(const AbandonJob& order);
  void tick();
  void note_stranger(const LinkDown& message);
  [[nodiscard]] HeadStatus status() const;
  template <typename Step>
  void guarded(LinkId link, const Step& step);

  HeadParts parts_;
  LinkHandle links_;
  UpdateSink aggregator_;
  net::HostPool pool_;
  std::map<LinkId, Host> hosts_;
  std::map<LinkId, LinkUp> strangers_;
  std::map<sim::JobId, TrainRequest> orders_;
  std::set<sim::JobId> failed_once_;
  std::map<const model::Adapter*, Numbered> numbers_;
  std::uint64_t next_number_ = 1;
  net::Parcel offer_;
  bool started_ = false;
  bool ended_ = false;
  caf::typed_response_promise<HostsEnded> farewell_;
  Clock::time_point alone_since_ = Clock::now();
  Clock::time_point minute_ = Clock::now();
  std::size_t noted_ = 0;  // strangers in this minute
  std::size_t unnoted_ = 0;
};

}  // namespace lorafleet::actors

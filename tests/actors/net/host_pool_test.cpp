#include "actors/net/host_pool.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

namespace lorafleet::actors::net {
namespace {

sim::JobId job(std::uint32_t number) {
  return {{number}, {number + 1}};
}

TEST_CASE("the earliest arrival goes to the host with the most idle slots, one ahead at most") {
  HostPool pool;
  CHECK_FALSE(pool.next());
  pool.add_host(1, 1);
  pool.add_host(2, 2);
  for (std::uint32_t i = 0; i < 8; ++i)
    pool.queue(job(i), {1000 - i});
  std::vector<std::pair<HostPool::HostId, std::uint32_t>> given;
  while (const auto next = pool.next())
    given.emplace_back(next->host, next->job.client.value);
  CHECK(given == std::vector<std::pair<HostPool::HostId, std::uint32_t>>{
                     {2, 7}, {1, 6}, {2, 5}, {1, 4}, {2, 3}});
  CHECK(pool.queued() == 3);
  CHECK(pool.finish(1, job(6)));
  CHECK(pool.next()->job == job(2));
}

TEST_CASE("only the host that has a job can finish it") {
  HostPool pool;
  pool.add_host(1, 1);
  pool.add_host(2, 1);
  pool.queue(job(0), {5});
  REQUIRE(pool.next()->host == 1);
  CHECK_FALSE(pool.finish(2, job(0)));
  CHECK(pool.remove_host(1) == std::vector<sim::JobId>{job(0)});
  CHECK_FALSE(pool.finish(1, job(0)));
  REQUIRE(pool.next()->host == 2);
  CHECK(pool.finish(2, job(0)));
  CHECK_FALSE(pool.finish(2, job(0)));
  CHECK(pool.abandon(job(0)) == std::nullopt);
}

TEST_CASE("hosts that come and go: every job is finished exactly once or abandoned") {
  CHECK(rc::check([] {
    HostPool pool;
    std::map<std::uint32_t, int> finished;
    std::map<sim::JobId, HostPool::HostId> at;
    std::map<HostPool::HostId, std::uint32_t> slots;
    std::set<std::uint32_t> given_up;
    std::uint32_t jobs = 0;
    HostPool::HostId hosts = 0;
    const auto finish_one = [&] {
      if (at.empty()) return;
      const auto it = std::next(
          at.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(at.size())));
      RC_ASSERT(pool.finish(it->second, it->first));
      ++finished[it->first.client.value];
      at.erase(it);
    };
    const auto assign = [&] {
      while (const auto next = pool.next()) {
        RC_ASSERT(slots.contains(next->host));
        RC_ASSERT(at.emplace(next->job, next->host).second);
        RC_ASSERT(pool.running(next->host) <= slots.at(next->host) + 1);
      }
    };
    for (int step = *rc::gen::inRange(0, 200); step > 0; --step) {
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
        case 1:
          pool.queue(job(jobs), {*rc::gen::inRange(0, 50)});
          ++jobs;
          break;
        case 2:
          slots[++hosts] = static_cast<std::uint32_t>(*rc::gen::inRange(1, 4));
          pool.add_host(hosts, slots[hosts]);
          break;
        case 3:
          if (!slots.empty()) {
            const auto host = slots.begin()->first;
            for (const auto& lost : pool.remove_host(host))
              RC_ASSERT(at.erase(lost) == 1);
            slots.erase(host);
            RC_ASSERT(!pool.finish(host, job(0)));
          }
          break;
        case 4:
          if (jobs > 0) {
            const auto which = *rc::gen::inRange<std::uint32_t>(0, jobs);
            const auto host = pool.abandon(job(which));
            RC_ASSERT(host.has_value() == (at.erase(job(which)) == 1));
            if (!finished.contains(which)) given_up.insert(which);
          }
          break;
        default:
          finish_one();
      }
      assign();
    }
    slots[++hosts] = 1;
    pool.add_host(hosts, 1);
    assign();
    while (!at.empty()) {
      finish_one();
      assign();
    }
    RC_ASSERT(pool.queued() == 0u);
    for (std::uint32_t i = 0; i < jobs; ++i)
      RC_ASSERT((finished[i] == 1) != given_up.contains(i));
  }));
}

}  // namespace
}  // namespace lorafleet::actors::net

// Pieces of work done side by side and handed out in order: a thread that falls behind makes the
// others wait, so that memory holds a few pieces and no more.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace mien {

template <typename Piece>
class OrderedWork {
 public:
  // Calls make(i, piece) for i in [0, pieces) from `threads` threads; make must not fail.
  OrderedWork(std::size_t pieces, int threads, std::function<void(std::size_t, Piece&)> make)
      : pieces_(pieces), make_(std::move(make)), slots_(2 * static_cast<std::size_t>(threads) + 1) {
    for (int t = 0; t < threads; ++t) threads_.emplace_back([this] { work(); });
  }
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;
  ~OrderedWork() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // Swaps the next piece, in order, into `piece`; false after the last. One thread asks.
  bool next(Piece& piece) {
    std::unique_lock lock(mutex_);
    if (given_ == pieces_) return false;
    std::optional<Piece>& slot = slots_[given_ % slots_.size()];
    changed_.wait(lock, [&] { return slot.has_value(); });
    std::swap(piece, *slot);
    slot.reset();
    ++given_;
    lock.unlock();
    changed_.notify_all();
    return true;
  }

 private:
  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(
          lock, [&] { return stopped_ || begun_ == pieces_ || begun_ < given_ + slots_.size(); });
      if (stopped_ || begun_ == pieces_) return;
      const std::size_t mine = begun_++;
      lock.unlock();
      Piece piece;
      make_(mine, piece);
      lock.lock();
      slots_[mine % slots_.size()] = std::move(piece);
      lock.unlock();
      changed_.notify_all();
    }
  }

  const std::size_t pieces_;
  const std::function<void(std::size_t, Piece&)> make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Piece>> slots_;
  std::size_t begun_ = 0;
  std::size_t given_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mien

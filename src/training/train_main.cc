// mien-train REQUEST.json: fits a head as the request says (fit_job.h). A program of its own, since
// LibTorch takes half a second and 165 MB to load. Progress goes to standard output, one line of
// JSON an event, the last one {"event": "done", "fit": ...} or {"event": "failed", "code",
// "message"}.
#include <malloc.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "store/durable_file.h"
#include "training/fit_job.h"

namespace {

// LibTorch allocates every intermediate tensor anew. With glibc's own limits each of them is mapped
// and given back to the kernel, and clearing those pages took two thirds of the time of a fit on 26
// clips.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // bytes; the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void print(const nlohmann::ordered_json& event) {
  std::fputs((event.dump() + "\n").c_str(), stdout);
  std::fflush(stdout);
}

mien::Result<nlohmann::ordered_json> fitted(const char* path) {
  MIEN_TRY(text, mien::read_whole_file(path));
  const nlohmann::json request = nlohmann::json::parse(text, nullptr, false);
  if (request.is_discarded()) {
    return mien::Error{mien::ErrorCode::kCorrupt, std::string(path) + ": it is not JSON"};
  }
  MIEN_TRY(fit, mien::fit_request_from(request));
  return mien::run_fit(fit, print);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: mien-train REQUEST.json (`mien train expression` writes one)\n", stderr);
    return 2;
  }
  keep_freed_memory();
  try {
    const auto fit = fitted(argv[1]);
    if (fit.ok()) {
      print({{"event", "done"}, {"fit", *fit}});
      return 0;
    }
    print({{"event", "failed"},
           {"code", mien::to_string(fit.error().code)},
           {"message", fit.error().message}});
    return fit.error().code == mien::ErrorCode::kUsage ? 2 : 1;
  } catch (const std::exception& exception) {  // LibTorch's, or no memory
    print({{"event", "failed"}, {"code", "internal"}, {"message", exception.what()}});
    return 1;
  }
}

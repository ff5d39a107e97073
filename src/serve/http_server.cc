#include "serve/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace mien {

namespace {

constexpr std::size_t kLargestHeader = 32 * 1024;
constexpr unsigned kSilence_s = 30;
constexpr unsigned kMostConnections = 2048;
constexpr std::size_t kLargestBatch = 256;

// Of every response. Scripts and styles are files of the page's own, clips come by fetch() and are
// shown from memory, and nothing may put the page into a frame.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
constexpr std::array<std::pair<const char*, const char*>, 7> kSecurityHeaders = {{
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
    {"Cache-Control", "no-store"},
}};

constexpr const char* kTooLarge =
    R"({"error":{"code":"too_large","message":"the request is too large"}})";
constexpr const char* kUnreadable =
    R"({"error":{"code":"unreadable","message":"the file cannot be read"}})";
constexpr const char* kClosing =
    R"({"error":{"code":"closing","message":"the server is ending; send it again later"}})";

// A request on its way. The connection waits (is suspended) while a thread makes the response.
struct Exchange {
  HttpRequest request;
  HttpResponse response;
  MHD_Connection* connection = nullptr;
  bool too_large = false;
  bool answered = false;
};

// Exchanges for one thread, first come first served.
class Line {
 public:
  bool put(Exchange* exchange) {  // false: it was closed
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      waiting_.push_back(exchange);
    }
    came_.notify_one();
    return true;
  }
  // Waits for some; none: it was closed.
  std::vector<Exchange*> take(std::size_t most) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
    std::vector<Exchange*> taken;
    while (!waiting_.empty() && taken.size() < most) {
      taken.push_back(waiting_.front());
      waiting_.pop_front();
    }
    return taken;
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    came_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Exchange*> waiting_;
  bool closed_ = false;
};

std::string header(MHD_Connection* connection, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? "" : value;
}

MHD_Result add_query(void* to, MHD_ValueKind, const char* key, const char* value) {
  std::string& query = *static_cast<std::string*>(to);
  if (!query.empty()) query += '&';
  query += key;
  if (value != nullptr) query += std::string("=") + value;
  return MHD_YES;
}

// Bytes of a file that are sent.
struct Part {
  std::uint64_t begin = 0, size = 0;
};

// "bytes=100-199", "bytes=100-", "bytes=-50" of a file of `size` bytes; nullopt: the whole file is
// sent, as a server may always do (RFC 9110, section 14.2).
std::optional<Part> part_of(std::string_view range, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return std::nullopt;
  range.remove_prefix(kUnit.size());
  const std::size_t dash = range.find('-');
  if (dash == range.npos) return std::nullopt;
  const std::string_view from = range.substr(0, dash);
  const std::string_view to = range.substr(dash + 1);
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || at != end) return std::nullopt;
    return value;
  };
  const std::optional<std::uint64_t> first = number(from);
  const std::optional<std::uint64_t> last = number(to);
  if (from.empty()) {
    if (!last || *last == 0 || *last > size) return std::nullopt;
    return Part{size - *last, *last};
  }
  if (!first || *first >= size || (!last && !to.empty()) || (last && *last < *first)) {
    return std::nullopt;
  }
  return Part{*first, (last ? std::min(*last, size - 1) : size - 1) - *first + 1};
}

MHD_Response* file_response(int file, std::uint64_t size, const std::string& range, int& status) {
  const std::optional<Part> part = status == 200 ? part_of(range, size) : std::nullopt;
  MHD_Response* response =
      part ? MHD_create_response_from_fd_at_offset64(part->size, file, part->begin)
           : MHD_create_response_from_fd64(size, file);
  if (response == nullptr) return nullptr;
  MHD_add_response_header(response, "Accept-Ranges", "bytes");
  if (part) {
    status = 206;
    MHD_add_response_header(
        response, "Content-Range",
        fmt::format("bytes {}-{}/{}", part->begin, part->begin + part->size - 1, size).c_str());
  }
  return response;
}

MHD_Response* response_for(HttpResponse& from, const std::string& range) {
  MHD_Response* response = nullptr;
  if (!from.file.empty()) {
    const int file = open(from.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info {};
    if (file >= 0 && fstat(file, &info) == 0 && S_ISREG(info.st_mode)) {
      response = file_response(file, static_cast<std::uint64_t>(info.st_size), range, from.status);
    } else {
      if (file >= 0) close(file);
      from = HttpResponse{};
      from.status = 503;
      from.body = kUnreadable;
    }
    std::error_code ignored;
    if (from.remove_file) std::filesystem::remove(from.file, ignored);
  }
  if (response == nullptr) {
    response =
        MHD_create_response_from_buffer(from.body.size(), from.body.data(), MHD_RESPMEM_MUST_COPY);
  }
  if (response == nullptr) return nullptr;
  const char* policy = from.content_security_policy;
  MHD_add_response_header(response, "Content-Security-Policy",
                          policy != nullptr ? policy : kPolicy);
  for (const auto& [name, value] : kSecurityHeaders) MHD_add_response_header(response, name, value);
  MHD_add_response_header(response, "Content-Type", from.content_type.c_str());
  if (!from.download_name.empty()) {
    MHD_add_response_header(response, "Content-Disposition",
                            ("attachment; filename=\"" + from.download_name + "\"").c_str());
  }
  return response;
}

}  // namespace

struct HttpServer::State {
  HttpHandler* handler = nullptr;
  MHD_Daemon* daemon = nullptr;
  int port = 0;
  Line quick, slow;
  std::thread quick_thread, slow_thread;

  ~State() {
    if (daemon != nullptr) {
      const MHD_socket listening = MHD_quiesce_daemon(daemon);
      if (listening != MHD_INVALID_SOCKET) close(listening);
    }
    quick.close();
    slow.close();
    if (quick_thread.joinable()) quick_thread.join();
    if (slow_thread.joinable()) slow_thread.join();
    if (daemon != nullptr) MHD_stop_daemon(daemon);
  }

  static void hand_back(Exchange* exchange) {
    exchange->answered = true;
    MHD_resume_connection(exchange->connection);  // from here on the exchange may be gone
  }

  void run_quick() {
    for (auto batch = quick.take(kLargestBatch); !batch.empty();
         batch = quick.take(kLargestBatch)) {
      std::vector<HttpRequest> requests;
      requests.reserve(batch.size());
      for (Exchange* exchange : batch) requests.push_back(std::move(exchange->request));
      std::vector<HttpResponse> responses = handler->quick(requests);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        batch[i]->response = std::move(responses[i]);
        hand_back(batch[i]);
      }
    }
  }
  void run_slow() {
    for (auto one = slow.take(1); !one.empty(); one = slow.take(1)) {
      one[0]->response = handler->slow(one[0]->request);
      hand_back(one[0]);
    }
  }

  static MHD_Result send(MHD_Connection* connection, HttpResponse& from,
                         const std::string& range = "") {
    MHD_Response* response = response_for(from, range);
    if (response == nullptr) return MHD_NO;
    const MHD_Result queued =
        MHD_queue_response(connection, static_cast<unsigned>(from.status), response);
    MHD_destroy_response(response);
    return queued;
  }

  MHD_Result receive(MHD_Connection* connection, const char* url, const char* method,
                     const char* upload, std::size_t* upload_size, void** context) {
    if (*context == nullptr) {
      auto* fresh = new Exchange;
      fresh->connection = connection;
      fresh->request.method = method;
      fresh->request.path = url;
      *context = fresh;
      const std::string length = header(connection, "Content-Length");
      if (length.size() > 9 || std::atol(length.c_str()) > static_cast<long>(kLargestBody)) {
        fresh->too_large = true;
        return refuse_large(connection);
      }
      return MHD_YES;
    }
    auto& exchange = *static_cast<Exchange*>(*context);
    if (*upload_size > 0) {
      if (exchange.request.body.size() + *upload_size > kLargestBody) exchange.too_large = true;
      if (!exchange.too_large) exchange.request.body.append(upload, *upload_size);
      *upload_size = 0;
      return MHD_YES;
    }
    if (exchange.too_large) return refuse_large(connection);
    if (exchange.answered) return send(connection, exchange.response);
    complete(connection, exchange.request);
    if (auto response = handler->at_once(exchange.request)) {
      return send(connection, *response, exchange.request.range);
    }
    Line& line = handler->is_slow(exchange.request) ? slow : quick;
    MHD_suspend_connection(connection);
    if (!line.put(&exchange)) {
      exchange.response.status = 503;
      exchange.response.body = kClosing;
      hand_back(&exchange);
    }
    return MHD_YES;
  }

  static MHD_Result refuse_large(MHD_Connection* connection) {
    HttpResponse response;
    response.status = 413;
    response.body = kTooLarge;
    return send(connection, response);
  }

  static void complete(MHD_Connection* connection, HttpRequest& request) {
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, &add_query, &request.query);
    request.host = header(connection, "Host");
    request.origin = header(connection, "Origin");
    request.fetch_site = header(connection, "Sec-Fetch-Site");
    request.content_type = header(connection, "Content-Type");
    request.authorization = header(connection, "Authorization");
    request.range = header(connection, "Range");
  }

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                               const char* method, const char*, const char* upload,
                               std::size_t* upload_size, void** context) {
    return static_cast<State*>(self)->receive(connection, url, method, upload, upload_size,
                                              context);
  }
  static void on_completed(void*, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
    delete static_cast<Exchange*>(*context);
    *context = nullptr;
  }
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

Result<HttpServer> HttpServer::start(HttpHandler& handler, const HttpServerOptions& options) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(options.port));
  if (inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1) {
    return Error{ErrorCode::kUsage,
                 fmt::format("'{}' is no IPv4 address such as 127.0.0.1", options.address)};
  }
  auto state = std::make_unique<State>();
  state->handler = &handler;
  state->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC,
      static_cast<std::uint16_t>(options.port), nullptr, nullptr, &State::on_request, state.get(),
      MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&address), MHD_OPTION_NOTIFY_COMPLETED,
      &State::on_completed, nullptr, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kLargestHeader,
      MHD_OPTION_CONNECTION_TIMEOUT, kSilence_s, MHD_OPTION_CONNECTION_LIMIT, kMostConnections,
      MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U, MHD_OPTION_END);
  if (state->daemon == nullptr) {
    return Error{
        ErrorCode::kBusy,
        fmt::format("{}:{} cannot be listened at ({}); remedy: another --port, or end what uses it",
                    options.address, options.port, std::strerror(errno))};
  }
  const MHD_DaemonInfo* info = MHD_get_daemon_info(state->daemon, MHD_DAEMON_INFO_BIND_PORT);
  state->port = info == nullptr ? options.port : info->port;
  State* running = state.get();
  state->quick_thread = std::thread([running] { running->run_quick(); });
  state->slow_thread = std::thread([running] { running->run_slow(); });
  return HttpServer(std::move(state));
}

int HttpServer::port() const {
  return state_->port;
}

std::string HttpServer::library_version() {
  return MHD_get_version();
}

}  // namespace mien

// A small HTTP client over a raw socket, for tests: it can send what no browser would.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace mien::testing {

struct Reply {
  int status = 0;  // 0: no whole reply came
  std::string head, body;
};

class HttpClient {
 public:
  explicit HttpClient(int port) : port_(port) {}
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient() { hang_up(); }

  Reply get(const std::string& path, const std::string& token = "", const std::string& more = "") {
    return send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + bearer(token) + more + "\r\n");
  }
  Reply post(const std::string& path, const std::string& body, const std::string& token = "",
             const std::string& more = "Content-Type: application/json\r\n") {
    return send("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + bearer(token) + more +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // Bytes as they are; a connection that has ended is opened anew.
  Reply send(const std::string& bytes) {
    if (socket_ < 0 && !dial()) return {};
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t more = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (more <= 0) break;  // a refusal may have come already
      at += static_cast<std::size_t>(more);
    }
    Reply reply = receive();
    if (reply.status == 0 || reply.head.find("Connection: close") != std::string::npos) hang_up();
    return reply;
  }

 private:
  static std::string bearer(const std::string& token) {
    return token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
  }
  bool dial() {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port_));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval wait{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return true;
    hang_up();
    return false;
  }
  void hang_up() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  Reply receive() {
    std::string text;
    std::size_t end = std::string::npos, length = 0;
    char piece[16384];
    while (end == std::string::npos || text.size() < end + 4 + length) {
      const ssize_t more = recv(socket_, piece, sizeof piece, 0);
      if (more <= 0) return {};
      text.append(piece, static_cast<std::size_t>(more));
      if (end != std::string::npos) continue;
      end = text.find("\r\n\r\n");
      const std::size_t at = text.find("Content-Length: ");
      if (end != std::string::npos && at < end)
        length = std::strtoul(text.c_str() + at + 16, nullptr, 10);
    }
    Reply reply;
    reply.status = std::atoi(text.c_str() + 9);
    reply.head = text.substr(0, end);
    reply.body = text.substr(end + 4, length);
    return reply;
  }

  int port_;
  int socket_ = -1;
};

}  // namespace mien::testing

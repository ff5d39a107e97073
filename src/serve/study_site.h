// A study's folder over HTTP, for reading: the pages of `mien report` and the overlays that they
// play; where asked for, the pages of its rating study too (rating_api.h).
//
//   /study      what there is; also at / where nobody rates
//   /report/    files of STUDY/report
//   /overlays/  videos of STUDY/overlays
//   anything else   the rating study's, or 404
//
// Tables, source videos and everything else of the folder are not handed out. A name leads only to
// a plain file below its folder, whatever links lie there. Requests for another host are refused,
// so that no other site's name can be pointed at this server.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "serve/http.h"

namespace mien {

struct StudySiteOptions {
  std::string address = "127.0.0.1";  // that the server listens at
  std::string origin;                 // "https://mien.example.org"; empty: address or localhost
};

class StudySite : public HttpHandler {
 public:
  // `ratings`: none, or what answers the rating study's requests; it must outlive the site.
  StudySite(std::filesystem::path study, StudySiteOptions options, HttpHandler* ratings);

  std::optional<HttpResponse> at_once(const HttpRequest& request) const override;
  bool is_slow(const HttpRequest& request) const override;
  std::vector<HttpResponse> quick(const std::vector<HttpRequest>& requests) override;
  HttpResponse slow(const HttpRequest& request) override;

  bool has_report() const;

 private:
  bool is_own_host(std::string_view host) const;
  HttpResponse start_page() const;
  HttpResponse file_of(const std::string& path) const;

  std::filesystem::path study_;
  StudySiteOptions options_;
  HttpHandler* ratings_;
};

}  // namespace mien

// Keypoints via Open Sound Control over UDP: /minet/pose with 141 or 94 numbers (docs/live.md).
#include <lo/lo.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "live/source.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::live {
namespace {

constexpr int kLookMs = 100;
constexpr std::string_view kAddress = "/minet/pose";

// liblo reports errors to a function without context, on the calling thread.
thread_local std::string last_error;

void keep_error(int, const char* message, const char*) {
  last_error = message != nullptr ? message : "";
}

int on_message(const char* path, const char* types, lo_arg** argv, int argc, lo_message,
               void* context) {
  Inbox& inbox = *static_cast<Inbox*>(context);
  if (path == nullptr || kAddress != path) {
    inbox.put_bad(text("expected OSC messages to ", kAddress, ", got one to ",
                       printable(std::string_view(path != nullptr ? path : "").substr(0, 60))));
    return 0;
  }
  std::vector<double> numbers;
  for (int i = 0; i < argc; ++i) {
    const auto add = [&]<class Number>(Number number) {
      std::memcpy(&number, argv[i], sizeof number);  // OSC aligns doubles to 4 bytes
      numbers.push_back(static_cast<double>(number));
    };
    switch (types[i]) {
      case LO_INT32:
        add(std::int32_t{});
        break;
      case LO_FLOAT:
        add(float{});
        break;
      case LO_DOUBLE:
        add(double{});
        break;
      case LO_INT64:
        add(std::int64_t{});
        break;
      default:
        inbox.put_bad(text("expected numbers in ", kAddress, ", got something else"));
        return 0;
    }
  }
  try {
    inbox.put(pose::picture_of(numbers));
  } catch (const InputError& error) {
    inbox.put_bad(text(kAddress, ": ", error.what()));
  }
  return 0;
}

struct ServerEnd {
  void operator()(void* server) const { lo_server_free(static_cast<lo_server>(server)); }
};
using Server = std::unique_ptr<void, ServerEnd>;

Server listen(Inbox& inbox, int port) {
  last_error.clear();
  Server server(lo_server_new_with_proto(text(port).c_str(), LO_UDP, keep_error));
  if (!server) {
    throw InputError(text("osc: expected a free UDP port, but ", port, " cannot be listened to",
                          last_error.empty() ? "" : text(" (", printable(last_error), ")"),
                          "; choose another"));
  }
  // A bundle's time is on the sender's clock: bundles are played when they arrive instead of being
  // kept until then.
  lo_server_enable_queue(static_cast<lo_server>(server.get()), 0, 1);
  lo_server_add_method(static_cast<lo_server>(server.get()), nullptr, nullptr, on_message, &inbox);
  return server;
}

class OscSource : public Source {
 public:
  OscSource(Inbox& inbox, int port)
      : port_(port), server_(listen(inbox, port)), worker_([this, &inbox](const auto& stop) {
          while (!stop) {
            last_error.clear();
            lo_server_recv_noblock(static_cast<lo_server>(server_.get()), kLookMs);
            if (!last_error.empty()) inbox.put_bad("OSC: " + printable(last_error));
          }
          inbox.end();
        }) {}
  std::string name() const override { return text("OSC at UDP port ", port_); }

 private:
  int port_;
  Server server_;
  Worker worker_;
};

}  // namespace

std::unique_ptr<Source> make_osc_source(Inbox& inbox, int port) {
  return std::make_unique<OscSource>(inbox, port);
}

}  // namespace minet::live

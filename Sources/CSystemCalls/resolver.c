#if defined(__linux__)
#define _GNU_SOURCE  // getaddrinfo, which C11 alone does not declare
#endif

#include "CSystemCalls.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int csystem_look_up(const char *name, uint8_t *records, size_t capacity) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *first = NULL;
    if (getaddrinfo(name, NULL, &hints, &first) != 0) return 0;
    size_t count = 0;
    for (const struct addrinfo *one = first; one != NULL && count <= capacity; one = one->ai_next) {
        const int is_ipv4 = one->ai_family == AF_INET && one->ai_addrlen >= sizeof(struct sockaddr_in);
        const int is_ipv6 = one->ai_family == AF_INET6 && one->ai_addrlen >= sizeof(struct sockaddr_in6);
        if (!is_ipv4 && !is_ipv6) continue;
        if (count < capacity) {
            uint8_t *record = records + count * 17;
            record[0] = is_ipv4 ? 4 : 16;
            if (is_ipv4) {
                memcpy(record + 1, &((const struct sockaddr_in *)(const void *)one->ai_addr)->sin_addr, 4);
            } else {
                memcpy(record + 1, &((const struct sockaddr_in6 *)(const void *)one->ai_addr)->sin6_addr, 16);
            }
        }
        count++;
    }
    freeaddrinfo(first);
    return count <= capacity ? (int)count : -1;
}

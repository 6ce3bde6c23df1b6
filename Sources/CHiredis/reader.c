#include "internal.h"

#include <stdlib.h>
#include <string.h>

// hiredis demands an object for each part of an answer and never looks into it. All parts are this one.
static char part;

// Only the outermost part counts: what is in an array is passed over.
static void *keep(const redisReadTask *task, int kind, const char *text, size_t length) {
    if (task->parent != NULL) return &part;
    chiredis_link *link = task->privdata;
    link->kind = kind;
    link->text_length = length < sizeof link->text ? length : sizeof link->text;
    if (link->text_length > 0) memcpy(link->text, text, link->text_length);
    return &part;
}

static void *create_string(const redisReadTask *task, char *text, size_t length) {
    switch (task->type) {
    case REDIS_REPLY_STATUS: return keep(task, chiredis_status, text, length);
    case REDIS_REPLY_ERROR: return keep(task, chiredis_error, text, length);
    case REDIS_REPLY_STRING: return keep(task, chiredis_text, text, length);
    default: return keep(task, chiredis_other, NULL, 0);
    }
}

// hiredis 1.0 has changed the type of a count.
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *create_array(const redisReadTask *task, element_count count) {
    (void)count;
    return keep(task, chiredis_other, NULL, 0);
}

static void *create_integer(const redisReadTask *task, long long value) {
    (void)value;
    return keep(task, chiredis_other, NULL, 0);
}

static void *create_nil(const redisReadTask *task) {
    return keep(task, chiredis_nil, NULL, 0);
}

#if HIREDIS_MAJOR >= 1
static void *create_double(const redisReadTask *task, double value, char *text, size_t length) {
    (void)value, (void)text, (void)length;
    return keep(task, chiredis_other, NULL, 0);
}

static void *create_bool(const redisReadTask *task, int value) {
    (void)value;
    return keep(task, chiredis_other, NULL, 0);
}
#endif

static void free_part(void *object) {
    (void)object;
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = free_part,
};

redisReader *chiredis_reader_create(chiredis_link *link) {
    redisReader *reader = redisReaderCreateWithFunctions(&functions);
    if (reader != NULL) reader->privdata = link;
    return reader;
}

int chiredis_next(chiredis_link *link, int *kind, const uint8_t **text, size_t *text_length) {
    void *object = NULL;
    if (redisReaderGetReply(link->reader, &object) != REDIS_OK) return chiredis_malformed;
    if (object == NULL) return 0;
    link->unfinished = 0;
    *kind = link->kind;
    *text = link->text;
    *text_length = link->text_length;
    return 1;
}

int64_t chiredis_encode(const uint8_t *bytes, const size_t *lengths, size_t count, uint8_t *target, size_t capacity) {
    const char *parts[8];
    if (count == 0 || count > sizeof parts / sizeof *parts) return -1;
    for (size_t index = 0; index < count; index++) {
        parts[index] = (const char *)bytes;
        bytes += lengths[index];
    }
    char *command = NULL;
    const long long length = redisFormatCommandArgv(&command, (int)count, parts, lengths);
    if (length < 0 || command == NULL) return -1;
    const int fits = (size_t)length <= capacity;
    if (fits) memcpy(target, command, (size_t)length);
    redisFreeCommand(command);
    return fits ? length : -1;
}

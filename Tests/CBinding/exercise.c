/* Calls every function of septum.h as it should and as it should not be called, and prints nothing when all is well.
 *
 *     exercise network.onnx tagger.onnx
 *
 * The first model takes features [batch, 5] and gives scores [batch, 3] and the features again; the second takes
 * constituents [batch, particles, 10] and jet [batch, 5] and gives probabilities [batch, 3].
 */
#include <math.h>
#include <septum.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #condition, septum_last_error()); \
            failures += 1; \
        } \
    } while (0)

static int failures;
static int reports;

static void count_report(int32_t level, const char *message, void *user_data) {
    CHECK(level == SEPTUM_LOG_INFO && strstr(message, "nodes") && user_data == &reports);
    reports += 1;
}

static char *content(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) exit(2);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size) exit(2);
    fclose(file);
    return bytes;
}

static float features[8][5];

static septum_tensor rows(int64_t *dims, const float *data) {
    septum_tensor tensor = {data, SEPTUM_FLOAT32, 2, dims, NULL};
    return tensor;
}

/* Loading by path, with options, from memory; what is refused. */
static void loading(const char *path) {
    septum_model *model = NULL, *other = NULL;
    CHECK(septum_abi() >= SEPTUM_ABI && strlen(septum_version()) > 0);
    septum_set_log(count_report, &reports);
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && reports == 1);
    septum_set_log(NULL, NULL);
    CHECK(strstr(septum_model_json(model), "\"inputs\"") && strstr(septum_model_json(model), "batch"));

    septum_load_options options = {sizeof options, NULL, NULL, 0, NULL};
    CHECK(septum_model_load_with(path, &options, &other) == SEPTUM_OK);
    septum_model_free(other);
    CHECK(septum_model_load_with(path, NULL, &other) == SEPTUM_OK);
    septum_model_free(other);
    options.format = "xgboost";
    CHECK(septum_model_load_with(path, &options, &other) != SEPTUM_OK && other == NULL);
    options.format = "no such format";
    CHECK(septum_model_load_with(path, &options, &other) != SEPTUM_OK);
    options.format = NULL;
    options.contract = "contract: 1";
    CHECK(septum_model_load_with(path, &options, &other) == SEPTUM_MALFORMED && strstr(septum_last_error(), "no JSON"));
    options.struct_size = offsetof(septum_load_options, contract);
    CHECK(septum_model_load_with(path, &options, &other) == SEPTUM_OK);
    septum_model_free(other);
    options.struct_size = 3;
    CHECK(septum_model_load_with(path, &options, &other) == SEPTUM_INVALID_INPUT);

    size_t size;
    char *bytes = content(path, &size);
    CHECK(septum_model_load_bytes(bytes, size, "network.septum", NULL, &other) == SEPTUM_OK);
    free(bytes);
    CHECK(strcmp(septum_model_json(other), "") != 0 && septum_model_output_count(other) == 2);
    septum_model_free(other);
    CHECK(septum_model_load_bytes(NULL, 10, "x", NULL, &other) == SEPTUM_INVALID_INPUT);
    CHECK(septum_model_load_bytes("", 0, "x", NULL, &other) != SEPTUM_OK);
    CHECK(septum_model_load_bytes("rubbish", (size_t)-1, "x", NULL, &other) != SEPTUM_OK);
    CHECK(septum_model_load_bytes("rubbish", 7, NULL, NULL, &other) == SEPTUM_INVALID_INPUT);
    CHECK(septum_model_load_bytes("rubbish", 7, "x.onnx", NULL, NULL) == SEPTUM_INVALID_INPUT);
    CHECK(septum_model_save(model, "/nowhere/model.septum") == SEPTUM_FILE && septum_model_save(model, NULL) != SEPTUM_OK);
    septum_model_free(model);
}

static uint32_t next_random(void) {
    static uint32_t state = 2463534242U;
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

/* Bytes that are no model, and models with some bytes changed or cut off, are refused or read, and nothing worse. */
static void broken(const char *path) {
    static const char *const names[] = {"x.onnx", "x.septum", "x.json", "x.ubj", "x.txt", "x.cbm", "x.xml", "x.model", "x.bin", "x"};
    enum { NAMES = sizeof names / sizeof *names };
    size_t size;
    char *bytes = content(path, &size), *copy = malloc(size), noise[512];
    if (!copy) exit(2);
    septum_model *model = NULL;
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
        size_t length = 1 + next_random() % sizeof noise;
        for (size_t i = 0; i < length; ++i) noise[i] = (char)next_random();
        if (round % 3 == 0) memcpy(noise, "{\"learner\":", length < 11 ? length : 11);
        septum_status status = septum_model_load_bytes(noise, length, names[round % NAMES], NULL, &model);
        CHECK(status != SEPTUM_OK && model == NULL && strlen(septum_last_error()) > 0);
    }
    for (int round = 0; round < 300; ++round) {
        memcpy(copy, bytes, size);
        for (int change = 0; change < 1 + round % 8; ++change) copy[next_random() % size] = (char)next_random();
        size_t length = round % 2 == 0 ? size : next_random() % size;
        refused += septum_model_load_bytes(copy, length, names[round % NAMES], NULL, &model) != SEPTUM_OK;
        septum_context *context = NULL;
        if (model && septum_context_create(model, &context) == SEPTUM_OK) {
            int64_t dims[] = {8, 5};
            septum_tensor input = rows(dims, features[0]), outputs[2];
            septum_run(context, &input, septum_model_input_count(model), outputs, septum_model_output_count(model) <= 2 ? 2 : 0);
        }
        septum_context_free(context);
        septum_model_free(model);
    }
    CHECK(refused > 100);
    free(copy);
    free(bytes);
}

/* What was freed, never made, or is of another kind is refused. */
static void handles(const char *path) {
    septum_model *model = NULL;
    septum_context *context = NULL;
    septum_tensor outputs[2];
    septum_port port;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    septum_model_free((septum_model *)context);
    septum_context_free((septum_context *)model);
    CHECK(septum_model_input_count(model) == 1 && septum_model_input_count((septum_model *)context) == -1);
    CHECK(septum_run((septum_context *)model, NULL, 0, outputs, 2) == SEPTUM_INVALID_INPUT);
    septum_model_free(model);
    CHECK(septum_model_input_count(model) == -1 && septum_model_json(model) == NULL);
    CHECK(septum_model_input(model, 0, &port) == SEPTUM_INVALID_INPUT);
    septum_context *second;
    CHECK(septum_context_create(model, &second) == SEPTUM_INVALID_INPUT && second == NULL);
    septum_model_free(model);
    int64_t dims[] = {8, 5};
    septum_tensor input = rows(dims, features[0]);
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    septum_context_free(context);
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(strstr(septum_last_error(), "freed"));
    septum_context_free(context);
    CHECK(septum_run((septum_context *)features, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run((septum_context *)(uintptr_t)-1, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run(NULL, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);
}

/* Inputs with gaps and bound by name give the bits of dense ones. */
static void places(const char *path) {
    septum_model *model = NULL;
    septum_context *context = NULL;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    int64_t dims[] = {8, 5}, strides[] = {5 * sizeof(float), sizeof(float)};
    septum_tensor input = rows(dims, features[0]), outputs[2];
    float expected[8][3];
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK && outputs[0].strides == NULL);
    memcpy(expected, outputs[0].data, sizeof expected);

    input.strides = strides;
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    CHECK(memcmp(expected, outputs[0].data, sizeof expected) == 0);

    float columns[5][8];
    struct { double other; float feature[7]; } objects[8];
    for (int row = 0; row < 8; ++row) {
        for (int column = 0; column < 5; ++column) {
            columns[column][row] = objects[row].feature[column + 1] = features[row][column];
        }
    }
    int64_t turned[] = {sizeof(float), 8 * sizeof(float)}, within[] = {sizeof objects[0], sizeof(float)};
    int64_t backwards[] = {-5 * (int64_t)sizeof(float), sizeof(float)}, odd[] = {21, 4};
    for (int repeat = 0; repeat < 3; ++repeat) {
        input.data = columns;
        input.strides = turned;
        CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
        CHECK(memcmp(expected, outputs[0].data, sizeof expected) == 0);
        input.data = &objects[0].feature[1];
        input.strides = within;
        CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
        CHECK(memcmp(expected, outputs[0].data, sizeof expected) == 0);
    }
    input.data = features[7];
    input.strides = backwards;
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    CHECK(memcmp(expected[7], outputs[0].data, sizeof expected[7]) == 0);
    input.strides = odd;
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_INVALID_INPUT);

    CHECK(septum_run_bound(context, outputs, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_bind(context, "nothing", &input) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "features"));
    CHECK(septum_bind(context, "features", NULL) == SEPTUM_INVALID_INPUT);
    CHECK(septum_bind(context, NULL, &input) == SEPTUM_INVALID_INPUT);
    CHECK(septum_bind(NULL, "features", &input) == SEPTUM_INVALID_INPUT);
    float event[8][5];
    input = rows(dims, event[0]);
    CHECK(septum_bind(context, "features", &input) == SEPTUM_OK);
    dims[0] = 99;
    for (int repeat = 0; repeat < 3; ++repeat) {
        memcpy(event, features, sizeof event);
        event[repeat][0] += 1;
        CHECK(septum_run_bound(context, outputs, 2) == SEPTUM_OK);
        for (int row = 0; row < 8; ++row) {
            int same = memcmp(expected[row], (const float *)outputs[0].data + 3 * row, sizeof expected[row]) == 0;
            CHECK(same == (row != repeat));
        }
    }
    CHECK(septum_run_bound(context, outputs, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_bound(context, NULL, 2) == SEPTUM_INVALID_INPUT);
    septum_context_free(context);
    septum_model_free(model);
}

/* Results in the caller's memory have the bits of septum_run, and nothing beside them is touched. */
static void own_memory(const char *path) {
    septum_model *model = NULL;
    septum_context *context = NULL;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    int64_t dims[] = {8, 5}, score_dims[] = {8, 3}, short_dims[] = {7, 3};
    septum_tensor input = rows(dims, features[0]), outputs[2];
    float expected[8][3], own[2 + 8 * 3 + 2], again[8][5];
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    memcpy(expected, outputs[0].data, sizeof expected);
    for (int shift = 0; shift < 3; ++shift) {
        for (int i = 0; i < 28; ++i) own[i] = -7;
        memset(again, 0, sizeof again);
        septum_tensor given[2] = {{own + shift, SEPTUM_FLOAT32, 2, score_dims, NULL}, {again, SEPTUM_FLOAT32, 2, dims, NULL}};
        CHECK(septum_run_into(context, &input, 1, given, 2) == SEPTUM_OK && given[0].data == own + shift);
        CHECK(memcmp(own + shift, expected, sizeof expected) == 0 && memcmp(again, features, sizeof again) == 0);
        for (int i = 0; i < 28; ++i) CHECK((i >= shift && i < shift + 24) || own[i] == -7);
        given[1] = (septum_tensor){NULL, SEPTUM_NO_TENSOR, 0, NULL, NULL};
        memset(own, 0, sizeof own);
        CHECK(septum_run_into(context, &input, 1, given, 2) == SEPTUM_OK);
        CHECK(memcmp(own + shift, expected, sizeof expected) == 0 && given[1].data && given[1].dims[1] == 5);
        memset(own, 0, sizeof own);
        CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK && outputs[0].data != own + shift && own[4] == 0);
        CHECK(memcmp(outputs[0].data, expected, sizeof expected) == 0);
    }
    /* Places that overlap an input, each other, or the context's own memory. */
    float mixed[8][5];
    memcpy(mixed, features, sizeof mixed);
    input = rows(dims, mixed[0]);
    septum_tensor given[2] = {{mixed, SEPTUM_FLOAT32, 2, score_dims, NULL}, {NULL, SEPTUM_NO_TENSOR, 0, NULL, NULL}};
    CHECK(septum_run_into(context, &input, 1, given, 2) == SEPTUM_OK && memcmp(mixed, expected, sizeof expected) == 0);
    input = rows(dims, features[0]);
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    given[0] = outputs[0];
    CHECK(septum_run_into(context, &input, 1, given, 2) == SEPTUM_OK && memcmp(given[0].data, expected, sizeof expected) == 0);

    given[0] = (septum_tensor){own, SEPTUM_FLOAT32, 2, short_dims, NULL};
    CHECK(septum_run_into(context, &input, 1, given, 2) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "output 'scores'"));
    given[0] = (septum_tensor){own, SEPTUM_FLOAT64, 2, score_dims, NULL};
    CHECK(septum_run_into(context, &input, 1, given, 2) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "output 'scores'"));
    CHECK(septum_run_into(context, &input, 1, given, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_into(context, NULL, 1, given, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_into(NULL, &input, 1, given, 2) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK && memcmp(outputs[0].data, expected, sizeof expected) == 0);
    septum_context_free(context);
    septum_model_free(model);
}

/* Rows of different lengths give the bits of one row at a time. */
static void jagged(const char *path) {
    enum { ROWS = 40, WIDTH = 10 };
    septum_model *model = NULL;
    septum_context *context = NULL;
    CHECK(septum_model_load(path, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);
    int64_t offsets[ROWS + 1] = {0};
    for (int row = 0; row < ROWS; ++row) offsets[row + 1] = offsets[row] + 1 + row * 7 % 5;
    float *particles = malloc(sizeof(float) * WIDTH * (size_t)offsets[ROWS]), jets[ROWS][5], expected[ROWS][3];
    for (int64_t i = 0; i < offsets[ROWS] * WIDTH; ++i) particles[i] = (float)(i * 37 % 29) / 8 - 1.5F;
    for (int i = 0; i < ROWS * 5; ++i) jets[i / 5][i % 5] = (float)(i * 31 % 23) / 8 - 1;
    for (int row = 0; row < ROWS; ++row) {
        int64_t one[] = {1, offsets[row + 1] - offsets[row], WIDTH}, jet[] = {1, 5};
        septum_tensor inputs[] = {
            {particles + offsets[row] * WIDTH, SEPTUM_FLOAT32, 3, one, NULL}, {jets[row], SEPTUM_FLOAT32, 2, jet, NULL}};
        septum_tensor output;
        CHECK(septum_run(context, inputs, 2, &output, 1) == SEPTUM_OK);
        memcpy(expected[row], output.data, sizeof expected[row]);
    }
    int64_t items[] = {offsets[ROWS], WIDTH}, all[] = {ROWS, 5};
    septum_jagged inputs[] = {
        {{particles, SEPTUM_FLOAT32, 2, items, NULL}, offsets}, {{jets, SEPTUM_FLOAT32, 2, all, NULL}, NULL}};
    septum_jagged output;
    for (int repeat = 0; repeat < 2; ++repeat) {
        CHECK(septum_run_jagged(context, ROWS, inputs, 2, &output, 1) == SEPTUM_OK);
        CHECK(output.offsets == NULL && output.values.rank == 2 && output.values.dims[0] == ROWS && output.values.dims[1] == 3);
        CHECK(memcmp(expected, output.values.data, sizeof expected) == 0);
    }
    CHECK(septum_run_jagged(context, 0, NULL, 0, &output, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_jagged(context, -1, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    CHECK(septum_run_jagged(context, ROWS - 1, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    offsets[3] = offsets[4] + 1;
    CHECK(septum_run_jagged(context, ROWS, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    offsets[3] = -5;
    CHECK(septum_run_jagged(context, ROWS, inputs, 2, &output, 1) == SEPTUM_INVALID_INPUT);
    int64_t none[] = {0, WIDTH}, no_jets[] = {0, 5}, start = 0;
    inputs[0].values.dims = none;
    inputs[0].offsets = &start;
    inputs[1].values.dims = no_jets;
    CHECK(septum_run_jagged(context, 0, inputs, 2, &output, 1) == SEPTUM_OK && output.values.dims[0] == 0);
    septum_context_free(context);
    septum_model_free(model);
    free(particles);
}

/* Columns go through the contract, to the bits of a run on what was prepared by hand. */
static void scoring(const char *path) {
    static const char text[] =
        "{\"contract\": 1, \"name\": \"network\", \"inputs\": [{\"tensor\": \"features\", \"features\": ["
        "{\"name\": \"a\", \"offset\": 1, \"scale\": 0.5, \"clip\": [-1, 1]}, {\"name\": \"b\", \"transform\": \"square\"}, "
        "{\"name\": \"c\", \"missing\": 0.25}, {\"name\": \"d\"}, {\"name\": \"e\", \"branch\": \"other\"}]}], "
        "\"outputs\": [{\"tensor\": \"scores\", \"columns\": [\"s0\", \"s1\", \"s2\"]}]}";
    septum_load_options options = {sizeof options, NULL, NULL, 0, text};
    septum_model *model = NULL, *plain = NULL;
    septum_context *context = NULL, *bare = NULL;
    CHECK(septum_model_load_with(path, &options, &model) == SEPTUM_OK && septum_context_create(model, &context) == SEPTUM_OK);

    float a[8], b[8], c[8], e[16], prepared[8][5], expected[8][3];
    int32_t d[8];
    for (int event = 0; event < 8; ++event) {
        const float *row = features[event];
        a[event] = row[0];
        b[event] = row[1];
        c[event] = event == 3 ? (float)NAN : row[2];
        d[event] = event - 4;
        e[2 * event] = row[4];
        float scaled = (row[0] - 1) * 0.5F;
        float own[5] = {scaled < -1 ? -1 : scaled > 1 ? 1 : scaled, row[1] * row[1], event == 3 ? 0.25F : row[2],
                        (float)(event - 4), row[4]};
        memcpy(prepared[event], own, sizeof own);
    }
    int64_t dims[] = {8, 5}, count = 8, step = 2 * sizeof(float), none = 0;
    septum_tensor input = rows(dims, prepared[0]), outputs[2];
    CHECK(septum_run(context, &input, 1, outputs, 2) == SEPTUM_OK);
    memcpy(expected, outputs[0].data, sizeof expected);
    septum_column columns[] = {
        {"other", {e, SEPTUM_FLOAT32, 1, &count, &step}, NULL}, {"run", {NULL, SEPTUM_STRING, 1, &none, NULL}, NULL},
        {"a", {a, SEPTUM_FLOAT32, 1, &count, NULL}, NULL},      {"b", {b, SEPTUM_FLOAT32, 1, &count, NULL}, NULL},
        {"c", {c, SEPTUM_FLOAT32, 1, &count, NULL}, NULL},      {"d", {d, SEPTUM_INT32, 1, &count, NULL}, NULL},
    };
    const septum_column *found = NULL;
    int32_t number = 0;
    for (int repeat = 0; repeat < 3; ++repeat) {
        CHECK(septum_score(context, 8, columns, 6, &found, &number) == SEPTUM_OK && number == 8);
        for (int column = 0; found && column < 3; ++column) {
            const septum_tensor *values = &found[column].values;
            CHECK(found[column].name[0] == 's' && found[column].name[1] == '0' + column && !found[column].offsets);
            CHECK(values->type == SEPTUM_FLOAT32 && values->rank == 1 && values->dims[0] == 8);
            for (int event = 0; event < 8; ++event)
                CHECK(memcmp((const float *)values->data + event, &expected[event][column], sizeof(float)) == 0);
        }
    }
    c[5] = (float)NAN;
    CHECK(septum_score(context, 8, columns, 6, &found, &number) == SEPTUM_OK);
    b[5] = (float)NAN;
    CHECK(septum_score(context, 8, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "'b' is NaN"));
    CHECK(found == NULL && number == 0);
    CHECK(septum_score(context, 8, columns, 5, &found, &number) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "'d'"));
    CHECK(septum_score(context, 7, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT);
    CHECK(septum_score(context, -1, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT);
    CHECK(septum_score(context, 8, NULL, 6, &found, &number) == SEPTUM_INVALID_INPUT);
    CHECK(septum_score(context, 8, columns, 6, NULL, &number) == SEPTUM_INVALID_INPUT);
    CHECK(septum_score(context, 8, columns, 6, &found, NULL) == SEPTUM_INVALID_INPUT);
    CHECK(septum_score(NULL, 8, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT);
    int64_t offsets[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    columns[5].offsets = offsets;
    CHECK(septum_score(context, 8, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT);
    offsets[3] = 9;
    CHECK(septum_score(context, 8, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "offset"));
    columns[5] = columns[4];
    CHECK(septum_score(context, 8, columns, 6, &found, &number) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "twice"));

    CHECK(septum_model_load(path, &plain) == SEPTUM_OK && septum_context_create(plain, &bare) == SEPTUM_OK);
    CHECK(septum_score(bare, 8, columns, 5, &found, &number) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "contract"));
    CHECK(septum_model_self_test(plain) == SEPTUM_INVALID_INPUT && strstr(septum_last_error(), "certificate"));
    CHECK(septum_model_self_test(NULL) == SEPTUM_INVALID_INPUT);
    septum_context_free(bare);
    septum_model_free(plain);
    septum_context_free(context);
    septum_model_free(model);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    for (int i = 0; i < 40; ++i) features[i / 5][i % 5] = (float)(i * 37 % 29) / 8 - 1.5F;
    loading(argv[1]);
    broken(argv[1]);
    handles(argv[1]);
    places(argv[1]);
    own_memory(argv[1]);
    jagged(argv[2]);
    scoring(argv[1]);
    return failures == 0 ? 0 : 1;
}

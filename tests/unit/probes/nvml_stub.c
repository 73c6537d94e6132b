/* A libnvidia-ml.so.1 without hardware. The real Python binding runs on top of it;
   tests set what it answers through the stub_* functions. */
#include <string.h>

#define GPUS 4
#define SAMPLES 256
#define OPENINGS 8
enum { INIT, COUNT, HANDLE, NAME, UUID, PCI, MEMORY, MEMORY_V2, SAMPLES_FN, RATES, ENERGY, POWER, PROCESSES, BRAKES, FUNCTIONS };

typedef struct {
    char busIdLegacy[16];
    unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
} pci_t;
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2_t;
typedef union { double d; unsigned ui; unsigned long ul; unsigned long long ull; } value_t;
typedef struct { unsigned long long stamp; value_t value; } sample_t;
typedef struct { unsigned gpu, memory; } rates_t;
typedef struct { unsigned pid; unsigned long long stamp; unsigned sm, memory, encoder, decoder; } process_t;
typedef struct {
    char name[64], uuid[80];
    unsigned bus, util, power, divided;
    unsigned long long total, reserved, free, energy;
    unsigned count;
    sample_t samples[SAMPLES];
    unsigned process_count;
    process_t processes[SAMPLES];
    unsigned long long brakes;
    int codes[FUNCTIONS];
} gpu_t;

static gpu_t gpus[GPUS];
static unsigned gpu_count, whole_count; /* parts of GPUs are added last and not counted */
static int codes[FUNCTIONS];
static unsigned calls[FUNCTIONS];

/* What the library hands out as a GPU: other pointers at each opening, and the old ones are invalid. */
typedef struct { gpu_t *gpu; unsigned opening; } handle_t;
static handle_t handles[OPENINGS][GPUS];
static unsigned opening;
static int is_open;

void stub_reset(void) {
    memset(gpus, 0, sizeof gpus);
    memset(codes, 0, sizeof codes);
    memset(calls, 0, sizeof calls);
    gpu_count = whole_count = opening = is_open = 0;
}
void stub_add(const char *name, const char *uuid, unsigned bus, unsigned long long total) {
    gpu_t *gpu = &gpus[gpu_count++];
    if (strncmp(uuid, "MIG-", 4)) whole_count++;
    strncpy(gpu->name, name, 63);
    strncpy(gpu->uuid, uuid, 79);
    gpu->bus = bus;
    gpu->total = gpu->free = total;
}
/* gpu < 0: for calls that concern no single GPU. */
void stub_code(int gpu, int function, int code) {
    if (gpu < 0) codes[function] = code;
    else gpus[gpu].codes[function] = code;
}
void stub_lose(int gpu, int code) {
    for (int i = 0; i < FUNCTIONS; i++) gpus[gpu].codes[i] = code;
}
void stub_memory(int gpu, unsigned long long reserved, unsigned long long free) {
    gpus[gpu].reserved = reserved;
    gpus[gpu].free = free;
}
void stub_sample(int gpu, unsigned long long stamp, unsigned value) {
    sample_t *sample = &gpus[gpu].samples[gpus[gpu].count++];
    sample->stamp = stamp;
    sample->value.ui = value;
}
void stub_util(int gpu, unsigned value) { gpus[gpu].util = value; }
void stub_energy(int gpu, unsigned long long millijoules) { gpus[gpu].energy = millijoules; }
void stub_power(int gpu, unsigned milliwatts) { gpus[gpu].power = milliwatts; }
void stub_process(int gpu, unsigned pid, unsigned long long stamp, unsigned sm) {
    process_t *process = &gpus[gpu].processes[gpus[gpu].process_count++];
    process->pid = pid;
    process->stamp = stamp;
    process->sm = sm;
}
void stub_brakes(int gpu, unsigned long long reasons) { gpus[gpu].brakes = reasons; }
void stub_divide(int gpu) { gpus[gpu].divided = 1; }
unsigned stub_calls(int function) { return calls[function]; }

static int enter(gpu_t *gpu, int function) {
    calls[function]++;
    return gpu ? gpu->codes[function] : codes[function];
}
#define ENTER(gpu, function) { int code = enter(gpu, function); if (code) return code; }
#define OPEN(handle, function) \
    if (!is_open) return 1; \
    if ((handle)->opening != opening) return 2; \
    gpu_t *gpu = (handle)->gpu; \
    ENTER(gpu, function)

static int hand_out(unsigned index, handle_t **handle) {
    *handle = &handles[opening][index];
    (*handle)->gpu = &gpus[index];
    (*handle)->opening = opening;
    return 0;
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    ENTER(0, INIT);
    if (!is_open) opening++;
    is_open = 1;
    return 0;
}
int nvmlShutdown(void) { is_open = 0; return 0; }
const char *nvmlErrorString(int code) { (void)code; return "stub error"; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    if (!is_open) return 1;
    strncpy(text, "580.65.06", size);
    return 0;
}
int nvmlDeviceGetCount_v2(unsigned *count) {
    if (!is_open) return 1;
    ENTER(0, COUNT);
    *count = whole_count;
    return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, handle_t **handle) {
    if (!is_open) return 1;
    ENTER(&gpus[index], HANDLE);
    return hand_out(index, handle);
}
int nvmlDeviceGetHandleByUUID(const char *uuid, handle_t **handle) {
    if (!is_open) return 1;
    for (unsigned i = 0; i < gpu_count; i++)
        if (!strcmp(gpus[i].uuid, uuid)) return hand_out(i, handle);
    return 6;
}
int nvmlDeviceGetMigMode(handle_t *handle, unsigned *current, unsigned *pending) {
    OPEN(handle, NAME);
    *current = *pending = gpu->divided;
    return 0;
}
int nvmlDeviceGetName(handle_t *handle, char *text, unsigned size) {
    OPEN(handle, NAME);
    strncpy(text, gpu->name, size);
    return 0;
}
int nvmlDeviceGetUUID(handle_t *handle, char *text, unsigned size) {
    OPEN(handle, UUID);
    strncpy(text, gpu->uuid, size);
    return 0;
}
int nvmlDeviceGetPciInfo_v3(handle_t *handle, pci_t *pci) {
    OPEN(handle, PCI);
    memset(pci, 0, sizeof *pci);
    pci->bus = gpu->bus;
    return 0;
}
int nvmlDeviceGetMemoryInfo(handle_t *handle, memory_t *memory) {
    OPEN(handle, MEMORY);
    memory->total = gpu->total;
    memory->free = gpu->free;
    memory->used = gpu->total - gpu->free;
    return 0;
}
int nvmlDeviceGetMemoryInfo_v2(handle_t *handle, memory_v2_t *memory) {
    OPEN(handle, MEMORY_V2);
    memory->total = gpu->total;
    memory->reserved = gpu->reserved;
    memory->free = gpu->free;
    memory->used = gpu->total - gpu->free;
    return 0;
}
/* Like the driver: the number first, then the samples newer than last; none is error 6. */
int nvmlDeviceGetSamples(handle_t *handle, int type, unsigned long long last, int *kind, unsigned *count,
                         sample_t *samples) {
    unsigned found = 0;
    OPEN(handle, SAMPLES_FN);
    (void)type;
    *kind = 1;
    for (unsigned i = 0; i < gpu->count; i++)
        if (gpu->samples[i].stamp > last) {
            if (samples) samples[found] = gpu->samples[i];
            found++;
        }
    *count = found;
    return found ? 0 : 6;
}
int nvmlDeviceGetUtilizationRates(handle_t *handle, rates_t *rates) {
    OPEN(handle, RATES);
    rates->gpu = gpu->util;
    rates->memory = 0;
    return 0;
}
#ifndef OLD_DRIVER
int nvmlDeviceGetTotalEnergyConsumption(handle_t *handle, unsigned long long *millijoules) {
    OPEN(handle, ENERGY);
    *millijoules = gpu->energy;
    return 0;
}
#endif
int nvmlDeviceGetProcessUtilization(handle_t *handle, process_t *rows, unsigned *count, unsigned long long last) {
    unsigned found = 0;
    OPEN(handle, PROCESSES);
    for (unsigned i = 0; i < gpu->process_count; i++)
        if (gpu->processes[i].stamp > last) {
            if (rows) rows[found] = gpu->processes[i];
            found++;
        }
    *count = found;
    return found ? (rows ? 0 : 7) : 6;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(handle_t *handle, unsigned long long *reasons) {
    OPEN(handle, BRAKES);
    *reasons = gpu->brakes;
    return 0;
}
int nvmlDeviceGetPowerUsage(handle_t *handle, unsigned *milliwatts) {
    OPEN(handle, POWER);
    *milliwatts = gpu->power;
    return 0;
}

/* COUNT reads of 125 holding registers, one after the other, by libmodbus; prints CPU microseconds and wall microseconds per
   transaction.  Usage: libmodbus_client PORT COUNT */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    uint16_t registers[125];
    if (argc != 3)
        return 2;
    int count = atoi(argv[2]);
    modbus_t *device = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    if (device == NULL || modbus_set_slave(device, 1) != 0 || modbus_connect(device) != 0)
        return 1;
    double cpu = cpu_s(), wall = wall_s();
    for (int number = 0; number < count; number++)
        if (modbus_read_registers(device, 0, 125, registers) != 125)
            return 1;
    printf("%f %f\n", (cpu_s() - cpu) * 1e6 / count, (wall_s() - wall) * 1e6 / count);
    modbus_close(device);
    modbus_free(device);
    return 0;
}

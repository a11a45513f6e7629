/* A Modbus server out of libmodbus, for the tests: unit 1, 600 addresses in each table.
   Usage: libmodbus_server tcp PORT | libmodbus_server rtu DEVICE
   Prints "ready" (tcp: and the port) on standard output.  Values: coil n = n % 3 == 0, discrete input n = n % 5 == 0,
   holding register n = 7 n + 1, input register n = 65535 - 11 n. */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESSES 600

static void serve(modbus_t *context, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(context, query);
        if (length > 0)
            modbus_reply(context, query, length, map);
        else if (length < 0 && errno != EMBBADCRC && errno != ETIMEDOUT)
            return;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    modbus_mapping_t *map = modbus_mapping_new(ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES);
    if (map == NULL)
        return 1;
    for (int n = 0; n < ADDRESSES; n++) {
        map->tab_bits[n] = n % 3 == 0;
        map->tab_input_bits[n] = n % 5 == 0;
        map->tab_registers[n] = (uint16_t)(7 * n + 1);
        map->tab_input_registers[n] = (uint16_t)(65535 - 11 * n);
    }
    if (strcmp(argv[1], "rtu") == 0) {
        modbus_t *context = modbus_new_rtu(argv[2], 19200, 'N', 8, 1);
        if (context == NULL || modbus_set_slave(context, 1) != 0 || modbus_connect(context) != 0)
            return 1;
        puts("ready");
        fflush(stdout);
        serve(context, map);
        return 0;
    }
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[2]));
    int listening = context == NULL ? -1 : modbus_tcp_listen(context, 4);
    if (listening < 0)
        return 1;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(listening, (struct sockaddr *)&address, &size);
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        if (modbus_tcp_accept(context, &listening) < 0)
            return 1;
        serve(context, map);
        modbus_close(context);
    }
}

# Says of each layer whether it holds, from inside: a line with its name, and why not if not.
import ctypes, os, resource, socket

def check(layer, holds, why):
    print(layer, 'yes' if holds else 'no ' + why)

def refused(call, *args):
    try: call(*args)
    except OSError: return True
    return False

status = dict(line.rstrip('\n').split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
capabilities = [name for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd') if int(status.get(name, '1'), 16)]
# Never more than those permitted; kernels of their own may not tell.
capabilities += [name for name in ('CapAmb',) if int(status.get(name, '0'), 16)]
PR_GET_NO_NEW_PRIVS = 39
no_new_privileges = status.get('NoNewPrivs', str(ctypes.CDLL(None).prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)))
processes = [name for name in os.listdir('/proc') if name.isdigit()]
interfaces = [line.split(':')[0].strip() for line in open('/proc/net/dev').read().splitlines()[2:]]
uids = open('/proc/self/uid_map').read().split()
mounts = [line.split() for line in open('/proc/self/mounts')]
roots = [fields for fields in mounts if fields[1] == '/']

check('slot_uid', os.getuid() == UID, 'the uid is %d' % os.getuid())
check('user_namespace', uids[1:2] != ['0'], 'uids are those of the host')
check('mount_namespace', len(roots) == 1 and '/work/output' in [fields[1] for fields in mounts], 'the work directory is not mounted')
check('pid_namespace', len(processes) <= 4 and os.getppid() == 1, 'there are %d processes' % len(processes))
check('network_namespace', set(interfaces) <= {'lo'} and refused(socket.create_connection, ('192.0.2.1', 9), 1), 'there are %s' % interfaces)
# Kernels of their own may have none.
blocks = '/proc/sysvipc/shm'
check('ipc_namespace', not os.path.exists(blocks) or len(open(blocks).readlines()) <= 1, 'there is shared memory of others')
check('uts_namespace', os.uname().nodename == HOSTNAME, 'the host is %r' % os.uname().nodename)
places = ['/', '/etc', '/usr', '/bin', '/run', '/var', '/var/tmp', '/dev', '/sys', '/proc', '/work', '/work/input']
open_places = [place for place in places if os.access(place, os.W_OK) or not refused(os.mkdir, place + '/probe')]
check('read_only_root', not open_places, 'writable: %s' % open_places)
check('no_capabilities', not capabilities, 'there are %s' % capabilities)
check('no_new_privileges', no_new_privileges == '1', 'the flag is not set')
filtered = status.get('Seccomp') == '2' and refused(socket.socket, socket.AF_INET)
check('seccomp', filtered, 'mode %s, or sockets can be made' % status.get('Seccomp'))
limits = {name: resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[1] for name in LIMITS}
wrong = {name: limit for name, limit in limits.items() if limit != LIMITS[name]}
check('resource_limits', not wrong, 'they are %s' % wrong)
facts = [name for name in ('cpuinfo', 'meminfo', 'version') if not refused(open, '/proc/' + name) and open('/proc/' + name).read()]
check('private_proc', not facts, 'it tells %s' % facts)
# Some runtimes give the file system the permissions that its place has in the image.
if refused(open, '/tmp/probe', 'w'): raise SystemExit('/tmp of the image must be writable for all, mode 1777')
def fill():
    for index in range(64):
        with open('output/%d' % index, 'wb') as file:
            file.write(bytes(65536))
            file.flush()
if QUOTA: check('disk_quota', refused(fill), 'more could be written than allowed')
check('sorted_input', os.listdir('input') == sorted(os.listdir('input')), 'the file system has an order of its own')
check('container_runtime', os.uname().release != RELEASE, 'it is the kernel of the host')
for name in os.listdir('output'): os.unlink('output/' + name)
open('output/seen', 'w').close()

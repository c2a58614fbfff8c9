# Starts a Type=notify service the way its unit says, without systemd: user, folders, ExecStartPre, ExecStart,
# NOTIFY_SOCKET, watchdog. Runs a command while the service serves, then stops it with SIGTERM.
# Usage: perl service.pl UNIT COMMAND. Its exit code is the command's; 1 where the service does not keep its side.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h setgid setuid);

$| = 1;
my ($unit_file, $command) = @ARGV;
my %unit = read_unit($unit_file);
my ($user, $group) = ($unit{User}[-1], $unit{Group}[-1]);
my ($uid, $home) = (getpwnam $user)[2, 7];
my $gid = getgrnam $group;
defined $uid && defined $gid or failed("the unit's user $user or group $group does not exist");
$unit{Type}[-1] eq 'notify' or failed("the unit is not Type=notify");

my %environment = (PATH => '/usr/local/bin:/usr/bin:/bin', HOME => $home, USER => $user, LANG => 'C.UTF-8');
for (['State', '/var/lib'], ['Cache', '/var/cache'], ['Runtime', '/run']) {
    my ($kind, $base) = @$_;
    my $name = $unit{"${kind}Directory"} or next;
    my $folder = "$base/$name->[-1]";
    my $mode = $unit{"${kind}DirectoryMode"};
    mkdir $folder;
    chown $uid, $gid, $folder or failed("chown $folder: $!");
    chmod oct($mode ? $mode->[-1] : '0755'), $folder or failed("chmod $folder: $!");
    $environment{ uc($kind) . '_DIRECTORY' } = $folder;
}
for my $line (@{ $unit{Environment} // [] }) {
    $environment{$1} = $2 while $line =~ /"?([A-Z_0-9]+)=([^"\s]*)"?/g;
}

for my $line (@{ $unit{ExecStartPre} // [] }) {
    print "ExecStartPre=$line\n";
    my $may_fail = $line =~ /^[\@:+!]*-/;
    my $child = start($line);
    waitpid $child, 0;
    $? == 0 or $may_fail or failed("ExecStartPre ended with " . ($? >> 8));
}

my $socket_path = "/run/weir-test-notify";
unlink $socket_path;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $socket_path) or failed("notify socket: $!");
chmod 0777, $socket_path;
$environment{NOTIFY_SOCKET} = $socket_path;
my $watchdog = seconds($unit{WatchdogSec} ? $unit{WatchdogSec}[-1] : '0');
$environment{WATCHDOG_USEC} = $watchdog * 1_000_000 if $watchdog;

print "ExecStart=$unit{ExecStart}[-1]\n";
my $service = start($unit{ExecStart}[-1]);
my $ended;    # How, once it has.
until_told('READY=1', 600);
my $status = system 'sh', '-euc', $command;
print "the command ended with ", $status >> 8, "\n" if $status;
until_told('WATCHDOG=1', $watchdog) if $watchdog;
kill 'TERM', $service;
until_told('STOPPING=1', 60);
my $stop = seconds($unit{TimeoutStopSec} ? $unit{TimeoutStopSec}[-1] : '90');
local $SIG{ALRM} = sub { kill 'KILL', $service; failed("still there $stop seconds after SIGTERM") };
alarm $stop;
has_ended(0);
alarm 0;
$ended == 0 or failed("after SIGTERM it ended with " . ($ended >> 8) . ", signal " . ($ended & 127));
unlink $socket_path;
exit($status >> 8);

# Reads what the service tells until it is this line. A service that ends and has not told it has failed.
sub until_told {
    my ($wanted, $seconds) = @_;
    my $end = time + $seconds;
    my $readable = IO::Select->new($socket);
    while (time < $end) {
        my $has_ended = has_ended(WNOHANG);
        unless ($readable->can_read($has_ended ? 0 : 1)) {
            failed("it ended with " . ($ended >> 8) . " and did not tell $wanted") if $has_ended;
            next;
        }
        $socket->recv(my $told, 65_536);
        print "told: ", join(', ', split /\n/, $told), "\n";
        return if grep { $_ eq $wanted } split /\n/, $told;
    }
    kill 'KILL', $service;
    failed("no $wanted within $seconds seconds");
}

sub has_ended {
    my ($how) = @_;
    $ended = $? if !defined $ended && waitpid($service, $how) == $service;
    return defined $ended;
}

sub start {
    my ($line) = @_;
    my $child = fork // failed("fork: $!");
    return $child if $child;
    %ENV = %environment;
    $ENV{WATCHDOG_PID} = $$ if $ENV{WATCHDOG_USEC};
    umask oct($unit{UMask} ? $unit{UMask}[-1] : '0022');
    chdir '/';
    $) = "$gid $gid";
    setgid($gid);
    setuid($uid);
    my @words = split ' ', $line =~ s/^[-\@:+!]+//r;
    exec { $words[0] } @words or do { print "exec $line: $!\n"; POSIX::_exit(127) };
}

sub read_unit {
    my ($file) = @_;
    my %keys;
    open my $lines, '<', $file or failed("$file: $!");
    my $text = join '', <$lines>;
    $text =~ s/\\\n//g;
    for (split /\n/, $text) {
        push @{ $keys{$1} }, $2 if /^([A-Za-z]+)=(.*?)\s*$/;
    }
    return %keys;
}

# 30, 30s, 1min 30s
sub seconds {
    my ($words) = @_;
    my %length = (s => 1, sec => 1, min => 60, h => 3600, '' => 1);
    my $sum = 0;
    $sum += $1 * ($length{$2} // failed("unknown unit of time: $words")) while $words =~ /(\d+)\s*([a-z]*)/g;
    return $sum;
}

sub failed {
    print "FAILED: service: @_\n";
    kill 'KILL', $service if $service && !defined $ended;
    exit 1;
}

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_weir_global_optspecs
    string join \n log= h/help V/version
end

function __fish_weir_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_weir_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_weir_using_subcommand
    set -l cmd (__fish_weir_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c weir -n "__fish_weir_needs_command" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_needs_command" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_needs_command" -f -a "setup" -d 'Set this node up: broker, name, password, first pipeline. Asks for what no option says'
complete -c weir -n "__fish_weir_needs_command" -f -a "status" -d 'Ask the running node how it is: broker, pipelines, last results, rejects, and what to do next'
complete -c weir -n "__fish_weir_needs_command" -f -a "run" -d 'Run the node: subscribe, infer, publish, until SIGTERM or Ctrl-C, then drain'
complete -c weir -n "__fish_weir_needs_command" -f -a "check" -d 'Check configuration, device profiles, guests, models and the broker; say what to mend'
complete -c weir -n "__fish_weir_needs_command" -f -a "explain" -d 'Show how a pipeline is resolved: device profile, engine and why, each limit and where it comes from'
complete -c weir -n "__fish_weir_needs_command" -f -a "test" -d 'Put one payload through a pipeline without a broker: payload, tensors, result'
complete -c weir -n "__fish_weir_needs_command" -f -a "guest" -d 'Look into guests and run them by hand'
complete -c weir -n "__fish_weir_needs_command" -f -a "model" -d 'Look into models, pack ONNX models for microcontrollers, measure them'
complete -c weir -n "__fish_weir_needs_command" -f -a "demo" -d 'Watch pumps being diagnosed: own broker, simulated sensors, every engine on the same stream'
complete -c weir -n "__fish_weir_needs_command" -f -a "broker" -d 'Run only the embedded broker (a memory-only broker for trying out; see broker-config/)'
complete -c weir -n "__fish_weir_needs_command" -f -a "schema" -d 'Print a JSON schema: config, profile, result, reject, health or status'
complete -c weir -n "__fish_weir_needs_command" -f -a "completions" -d 'Print what a shell needs to complete weir\'s commands and options'
complete -c weir -n "__fish_weir_using_subcommand setup" -s c -l config -d 'The configuration that is written; conf.d and credentials lie beside it' -r -F
complete -c weir -n "__fish_weir_using_subcommand setup" -l broker -d '`local`: Mosquitto on this machine, set up for sensors of the network; `embedded`: Weir\'s own, on this machine only, for trying out; or the address of another: mqtt://host:1883, mqtts://host:8883' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l username -d 'The node\'s user at the broker; with `local` it is weir' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l password-file -d 'A file that holds the password in one line; it is copied into the folder credentials' -r -F
complete -c weir -n "__fish_weir_using_subcommand setup" -l ca-file -d 'Certificate authorities (PEM) for mqtts://, in place of the system\'s' -r -F
complete -c weir -n "__fish_weir_using_subcommand setup" -l sensor -d 'With `local`: a sensor that gets a user of its name and a password; once for each' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l mosquitto-port -d 'With `local`: the port that sensors reach' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l mosquitto-folder -d 'With `local`: where Mosquitto has its files' -r -F
complete -c weir -n "__fish_weir_using_subcommand setup" -l node-name -d 'The node\'s name, a segment of its topics. Default: the host\'s name' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l example -d 'The pipeline to begin with' -r -f -a "vibration\t'Tells the condition of a pump by its vibration: JSON with ax, ay and az in thousandths of g, 400 a second'
anomaly\t'Scores how unusual a number in a JSON payload is for its device'
none\t'No pipeline yet'"
complete -c weir -n "__fish_weir_using_subcommand setup" -l pipeline -d 'The pipeline\'s name' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l topic -d 'The topics that it takes; the segment {device} names the device' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l profile -d 'The device profile. Default: that of this machine' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l guest -d 'The guest, for a pipeline that is no example' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l model -d 'The model, where the guest loads one' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l field -d 'Where a value stands in the JSON payload, by JSON pointer such as /value; once for each channel, in order' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l scale -d 'A factor for every value, such as 0.001' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l window -d 'Samples that the guest looks at together' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand setup" -l password-stdin -d 'Read the password from standard input, one line'
complete -c weir -n "__fish_weir_using_subcommand setup" -l add -d 'Leave the configuration as it is and only add a pipeline, as `conf.d/<pipeline>.toml`'
complete -c weir -n "__fish_weir_using_subcommand setup" -s y -l yes -d 'Ask nothing: take the defaults of what no option says, and write'
complete -c weir -n "__fish_weir_using_subcommand setup" -l dry-run -d 'Only show what would be written'
complete -c weir -n "__fish_weir_using_subcommand setup" -l no-restart -d 'Restart no service'
complete -c weir -n "__fish_weir_using_subcommand setup" -l test-message -d 'Send a test message at the end'
complete -c weir -n "__fish_weir_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand setup" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand status" -s c -l config -d 'A configuration whose paths say where guests, models and profiles lie; else the usual folders' -r -F
complete -c weir -n "__fish_weir_using_subcommand status" -l socket -d 'The node\'s socket; else that of the configuration (node.status_socket), or the usual one' -r -F
complete -c weir -n "__fish_weir_using_subcommand status" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand status" -l json -d 'Print the document as the node gives it (weir schema status)'
complete -c weir -n "__fish_weir_using_subcommand status" -l watch -d 'Ask every two seconds, until Ctrl-C'
complete -c weir -n "__fish_weir_using_subcommand status" -l alive -d 'Mind only whether the node is alive, for probes that start it anew: exit code 0 where it answers and nothing in it is stuck, also while it starts and while its broker is away'
complete -c weir -n "__fish_weir_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand status" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand run" -s c -l config -d 'The configuration; files in the conf.d folder beside it add to it' -r -F
complete -c weir -n "__fish_weir_using_subcommand run" -l set -d 'Set one key over everything else, for example --set broker.url=mqtt://10.0.0.5' -r
complete -c weir -n "__fish_weir_using_subcommand run" -l profile -d 'Find out where guests on Wasmtime spend their time; docs/profiling.md says how to read it' -r -f -a "perf\t'Tell perf the functions of guests (/tmp/perf-PID.map), for `perf record` of the whole node'
guest\t'Look up every millisecond where a guest is; written as Firefox profiles when the node stops'"
complete -c weir -n "__fish_weir_using_subcommand run" -l profile-folder -d 'Where the profiles of guests go when the node stops: `<guest>-<number>.profile.json`' -r -F
complete -c weir -n "__fish_weir_using_subcommand run" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand run" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand check" -s c -l config -d 'The configuration; files in the conf.d folder beside it add to it' -r -F
complete -c weir -n "__fish_weir_using_subcommand check" -l set -d 'Set one key over everything else, for example --set broker.url=mqtt://10.0.0.5' -r
complete -c weir -n "__fish_weir_using_subcommand check" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand check" -l offline -d 'Leave the broker out: for use before the service starts, when the network may not be up'
complete -c weir -n "__fish_weir_using_subcommand check" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand check" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand explain" -l device -d 'Explain it for this device (a device may have a profile of its own)' -r
complete -c weir -n "__fish_weir_using_subcommand explain" -s c -l config -d 'The configuration; files in the conf.d folder beside it add to it' -r -F
complete -c weir -n "__fish_weir_using_subcommand explain" -l set -d 'Set one key over everything else, for example --set broker.url=mqtt://10.0.0.5' -r
complete -c weir -n "__fish_weir_using_subcommand explain" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand explain" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand explain" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand test" -s i -l input -d 'The payload; `-` reads standard input. Where the pipeline has a window: one payload per line' -r -F
complete -c weir -n "__fish_weir_using_subcommand test" -l device -d 'The device that the payload is said to come from' -r
complete -c weir -n "__fish_weir_using_subcommand test" -l model-id -d 'The model that the message names by its user property `model_id`, where the pipeline has several' -r
complete -c weir -n "__fish_weir_using_subcommand test" -s c -l config -d 'The configuration; files in the conf.d folder beside it add to it' -r -F
complete -c weir -n "__fish_weir_using_subcommand test" -l set -d 'Set one key over everything else, for example --set broker.url=mqtt://10.0.0.5' -r
complete -c weir -n "__fish_weir_using_subcommand test" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand test" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand test" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand guest; and not __fish_seen_subcommand_from inspect test" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand guest; and not __fish_seen_subcommand_from inspect test" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand guest; and not __fish_seen_subcommand_from inspect test" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand guest; and not __fish_seen_subcommand_from inspect test" -f -a "inspect" -d 'Show what a guest is and needs: manifest, imports, memory, and which device profiles accept it'
complete -c weir -n "__fish_weir_using_subcommand guest; and not __fish_seen_subcommand_from inspect test" -f -a "test" -d 'Run a guest on a model\'s golden inputs (or on zeros) on every engine here and compare the outputs'
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from inspect" -s c -l config -d 'A configuration whose paths say where guests, models and profiles lie; else the usual folders' -r -F
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from inspect" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from inspect" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from test" -l model -d 'The model to load into it' -r
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from test" -l profile -d 'The device profile whose limits apply' -r
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from test" -s c -l config -d 'A configuration whose paths say where guests, models and profiles lie; else the usual folders' -r -F
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from test" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand guest; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand model; and not __fish_seen_subcommand_from inspect pack evaluate" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand model; and not __fish_seen_subcommand_from inspect pack evaluate" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand model; and not __fish_seen_subcommand_from inspect pack evaluate" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand model; and not __fish_seen_subcommand_from inspect pack evaluate" -f -a "inspect" -d 'Show what a model is and needs, and which guests and device profiles can run it'
complete -c weir -n "__fish_weir_using_subcommand model; and not __fish_seen_subcommand_from inspect pack evaluate" -f -a "pack" -d 'Make an int8 network for microcontrollers out of an ONNX model, as a folder that is ready to be used'
complete -c weir -n "__fish_weir_using_subcommand model; and not __fish_seen_subcommand_from inspect pack evaluate" -f -a "evaluate" -d 'Run a model over labelled samples on this machine and say how often it is right'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from inspect" -s c -l config -d 'A configuration whose paths say where guests, models and profiles lie; else the usual folders' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from inspect" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from inspect" -l json -d 'Print one JSON object instead'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from inspect" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l calibrate -d 'Typical inputs, as the graph takes them after preparation: .npy or .npz, f32 [samples, …]' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -s o -l output -d 'The model\'s folder; its name becomes the model\'s' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l range -d 'How ranges are taken from what was observed' -r -f -a "best\t'The one that agrees better with the ONNX model on the calibration data'
minmax\t'From the least to the greatest value'
percentile\t'Without the outermost ten thousandth of the values'"
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l evaluate -d 'Labelled inputs that were not trained on, to measure the accuracy of both models' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l labels -d 'The class of each of them: .npy with an integer for each sample' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -s c -l config -d 'A configuration whose paths say where guests, models and profiles lie; else the usual folders' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l int8 -d 'Into 8-bit integers: the one packing that there is'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -l json -d 'Print one JSON object instead'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from pack" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -l data -d 'The inputs, as the model takes them after preparation: .npy or .npz, f32 [samples, …]' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -l labels -d 'The class of each input: .npy with an integer for each sample' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -s c -l config -d 'A configuration whose paths say where guests, models and profiles lie; else the usual folders' -r -F
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -l json -d 'Print one JSON object instead'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand model; and __fish_seen_subcommand_from evaluate" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand demo" -l seconds -d 'Stop by itself this many seconds after the pipelines are ready' -r
complete -c weir -n "__fish_weir_using_subcommand demo" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand demo" -l json -d 'Print one JSON object as the last line instead of the live table'
complete -c weir -n "__fish_weir_using_subcommand demo" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand demo" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand broker" -l port -d 'The port for MQTT 5, on loopback; any that is free unless stated' -r
complete -c weir -n "__fish_weir_using_subcommand broker" -l v311-port -d 'A second port, for MQTT 3.1.1' -r
complete -c weir -n "__fish_weir_using_subcommand broker" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand broker" -l child -d 'Be the broker itself instead of its supervisor, and end when standard input ends'
complete -c weir -n "__fish_weir_using_subcommand broker" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand broker" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand schema" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand schema" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand schema" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand completions" -l log -d 'Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other commands what is wrong' -r
complete -c weir -n "__fish_weir_using_subcommand completions" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand completions" -s V -l version -d 'Print version'

"""The engine as a process: QGIS asks, and it answers.

JSON-RPC 2.0 over standard input and output, one UTF-8 object a line (`protocol`). Every request
has an id; a `cancel {id}` notification stops one. The engine notifies with `progress {id, done,
total, stage, message}` and `log {level, message}`. Pixels travel as files, never inside messages;
no port is opened; the end of input ends the engine. Errors are JSON-RPC's own codes and those of
`engine.errors`; -32007 is another version of the protocol. A message with the id of an open request
ends it, whatever else is in it. Paths are absolute.

`initialize {protocol}` comes first. It gives the engine's version, device, memory and libraries.
What else can be asked is a method of `methods.Methods`, whose annotations say the parameters.

`protocol`, `client` and `process` are QGIS's side too: standard library, Python 3.9.
"""

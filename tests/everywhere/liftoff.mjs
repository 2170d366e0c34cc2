// V8 spends minutes and gigabytes on optimizing the list of public suffixes, which is one function. Its baseline compiler does.
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--liftoff-only");

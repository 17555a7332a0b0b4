// `import { context, next } from "boxer"`: what a function knows of its call.
export { context, next } from "boxer:functions";
export { HostError, NotOfferedError } from "boxer:calls";

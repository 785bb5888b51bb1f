import validators, { type BuildCompilerFromPool } from '@fastify/ajv-compiler';
import serializers, { type SerializerFactory } from '@fastify/fast-json-stringify-compiler';

type Validate = ReturnType<ReturnType<BuildCompilerFromPool>>;

const buildValidator = validators();
const buildSerializer = serializers();

/**
 * Fastify's own compilers, called for a schema when it is needed first: all schemas together were
 * a seventh of a start, and callers wait for a server that was restarted.
 */
export const compilersFactory: {
  readonly buildValidator: BuildCompilerFromPool;
  readonly buildSerializer: SerializerFactory;
} = {
  buildValidator: (...settings) => {
    const compiler = once(() => buildValidator(...settings));
    return (route) => {
      const compiled = once(() => compiler()(route));
      const validate = ((value: unknown) => {
        const isValid = compiled()(value);
        // Fastify reads the errors from the function that it has called.
        validate.errors = compiled().errors ?? null;
        return isValid;
      }) as Validate;
      return validate;
    };
  },
  buildSerializer: (...settings) => {
    const compiler = once(() => buildSerializer(...settings));
    return (route) => {
      const compiled = once(() => compiler()(route));
      return (value) => compiled()(value);
    };
  },
};

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

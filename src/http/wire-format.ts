const WIRE_FORMAT = Symbol('a body in a wire format that is not ours');

/** Marks a body's class as somebody else's wire format: its unknown fields pass through. */
export function WireFormat(): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(WIRE_FORMAT, true, target);
  };
}

export function isWireFormat(target: object | undefined): boolean {
  return target !== undefined && Reflect.getMetadata(WIRE_FORMAT, target) === true;
}

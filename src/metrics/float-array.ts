/** Scores or weights as models and files give them. */
export type FloatArray = Float32Array | Float64Array;
